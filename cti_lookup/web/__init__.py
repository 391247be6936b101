"""The HTTP side: keys of what the application holds, middleware, handlers."""
