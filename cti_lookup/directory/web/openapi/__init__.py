"""The description of the whole API in OpenAPI 3.1, as data; kinds of record are described from their own fields."""
