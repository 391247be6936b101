"""Who may do what: tokens, roles, scopes, OAuth, and how often."""
