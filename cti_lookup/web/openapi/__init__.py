"""
The description of all routes in OpenAPI 3.1, and of the live feed in AsyncAPI 3.0, as data.

Written by hand; records are described from their own fields. Nobody imports it before somebody asks for it.
"""
