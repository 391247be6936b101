# The service in an image of its own: no compiler, no build tool, no pip, no root.
#
#   docker build --build-arg BASE_DIGEST=@sha256:… --tag cti-lookup .
#
# BASE_DIGEST pins the base image to its bytes, as a release should be; without it the tag is what its owner last pushed.
# Wheels may come from a folder, where no package index can be reached, or none should be asked. They are downloaded with
# the version of Python that the base image has:
#
#   pip download --no-deps --require-hashes --only-binary :all: --dest wheels -r requirements.lock -r requirements-build.lock
#   docker build --build-context wheels=wheels --build-arg PIP_NO_INDEX=1 --tag cti-lookup .
#
# Either way every wheel is one of those whose hashes the locks hold.
ARG BASE_IMAGE=python:3.13-slim-bookworm
ARG BASE_DIGEST=

# Empty, and replaced by --build-context wheels=FOLDER.
FROM scratch AS wheels


FROM ${BASE_IMAGE}${BASE_DIGEST} AS build

ARG PIP_NO_INDEX=
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \
    PIP_FIND_LINKS=/wheels
WORKDIR /src

# Layers in the order in which they change: what builds, the runtime, our code. A mirror of the package index is told by
# the secret: --secret id=pip.conf,src=FILE. It is in no layer.
COPY requirements-build.lock ./
RUN --mount=type=bind,from=wheels,target=/wheels --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python -m venv --without-pip /opt/build \
 && python -m pip --python /opt/build/bin/python install \
      --no-deps --no-compile --require-hashes --only-binary :all: --requirement requirements-build.lock

# requirements-traces.lock is the same, and what sends traces.
ARG LOCK=requirements.lock
COPY requirements.lock requirements-traces.lock ./
RUN --mount=type=bind,from=wheels,target=/wheels --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    python -m venv --without-pip /opt/cti-lookup \
 && python -m pip --python /opt/cti-lookup/bin/python install \
      --no-deps --no-compile --require-hashes --only-binary :all: --requirement "${LOCK}"

COPY LICENSE README.md pyproject.toml ./
COPY cti_lookup ./cti_lookup
# Compiled here, as nothing can be where the file system is read-only; by hash, so that no copy's time stamps count.
RUN python -m pip --python /opt/build/bin/python wheel --no-deps --no-index --no-build-isolation --wheel-dir /built . \
 && python -m pip --python /opt/cti-lookup/bin/python install --no-deps --no-compile --no-index /built/*.whl \
 && /opt/cti-lookup/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/cti-lookup/lib


FROM ${BASE_IMAGE}${BASE_DIGEST}

ARG BASE_IMAGE
ARG BASE_DIGEST
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="cti-lookup" \
      org.opencontainers.image.description="Tells a service desk who is calling while the phone still rings." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.vendor="The cti-lookup authors" \
      org.opencontainers.image.base.name="${BASE_IMAGE}${BASE_DIGEST}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"

# /data holds the embedded directory's file and nothing else is written: the rest may be read-only. What a base image
# brings for people who build goes; its standard library is compiled, which the official images leave to each start.
RUN useradd --uid 10001 --no-log-init --no-create-home --home-dir /data --shell /usr/sbin/nologin cti-lookup \
 && install --directory --owner 10001 --group 10001 --mode 0750 /data \
 && lib="$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
 && rm -rf "$lib/ensurepip" "$lib/idlelib" "$lib/site-packages/pip" "$lib"/site-packages/pip-*.dist-info /usr/local/bin/pip* /usr/local/bin/idle* \
 && python -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '/(tests?|site-packages|dist-packages)/' "$lib"
COPY --from=build /opt/cti-lookup /opt/cti-lookup

# Two arenas: threads here are few and wait, and each arena of malloc keeps memory of its own.
ENV PATH=/opt/cti-lookup/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MALLOC_ARENA_MAX=2 \
    CTI_HOST=0.0.0.0 \
    CTI_PORT=8080
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM

# The small program, not the command line: it starts in a quarter of the time, every ten seconds.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["python", "-m", "cti_lookup.health"]

ENTRYPOINT ["cti-lookup"]
CMD ["serve"]
