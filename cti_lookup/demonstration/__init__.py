"""
What a newcomer is shown: sample calls of several phone systems, and what has to be configured for them.

For `serve --demo` alone. The calls are told by `playing`, over HTTP and signed, to the service's own webhooks.
"""
