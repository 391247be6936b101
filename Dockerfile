# The service in an image of its own: no compiler, no build tool, no root.
FROM python:3.13-slim AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src

# Layers in the order in which they change: the tools that build, the runtime, our code.
COPY requirements-dev.lock ./
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: --requirement requirements-dev.lock

COPY requirements.lock ./
RUN python -m venv --without-pip /opt/cti-lookup \
 && /opt/build/bin/pip --python /opt/cti-lookup/bin/python install \
      --require-hashes --only-binary :all: --requirement requirements.lock

COPY LICENSE README.md pyproject.toml ./
COPY cti_lookup ./cti_lookup
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/cti-lookup/bin/python install --no-deps --no-index /wheels/*.whl


FROM python:3.13-slim

LABEL org.opencontainers.image.title="cti-lookup" \
      org.opencontainers.image.description="Tells a service desk who is calling while the phone still rings." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.vendor="The cti-lookup authors"

# /data holds the embedded directory's file and nothing else is written: the rest may be read-only.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin cti-lookup \
 && install --directory --owner 10001 --group 10001 --mode 0750 /data
COPY --from=build /opt/cti-lookup /opt/cti-lookup

ENV PATH=/opt/cti-lookup/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CTI_HOST=0.0.0.0 \
    CTI_PORT=8080
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8080

HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['CTI_PORT'] + '/livez', timeout=2)"]

ENTRYPOINT ["cti-lookup"]
CMD ["serve"]
