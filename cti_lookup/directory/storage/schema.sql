-- The tables of a directory. Of each record stand in columns of their own what is searched, sorted or referred to by; all
-- its other fields are one JSON object, `details`, under their names in the API. Ids are never given out twice, as clients
-- remember them: hence AUTOINCREMENT. Times are UTC texts of whole seconds, which sort as they are: 2016-03-14T09:09:55Z.

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,  -- as clients write it in the account header
    name TEXT NOT NULL,
    directory_id TEXT REFERENCES accounts (id)  -- of a support domain: the directory account behind it
) STRICT;

CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,  -- the name as it sorts
    source TEXT,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    financialID TEXT,
    parent_id INTEGER REFERENCES organizations (id) ON DELETE SET NULL,
    business_unit_organization_id INTEGER REFERENCES organizations (id) ON DELETE SET NULL,
    manager_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    substitute_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX organizations_by_name ON organizations (name_key, id);
CREATE INDEX organizations_by_manager ON organizations (manager_id) WHERE manager_id IS NOT NULL;
CREATE INDEX organizations_by_substitute ON organizations (substitute_id) WHERE substitute_id IS NOT NULL;

CREATE TABLE sites (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    source TEXT,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX sites_by_name ON sites (name_key, id);

CREATE TABLE calendars (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    source TEXT,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX calendars_by_name ON calendars (name_key, id);

CREATE TABLE teams (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    source TEXT,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    coordinator_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    manager_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    work_hours_id INTEGER REFERENCES calendars (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX teams_by_name ON teams (name_key, id);
CREATE INDEX teams_by_coordinator ON teams (coordinator_id) WHERE coordinator_id IS NOT NULL;
CREATE INDEX teams_by_manager ON teams (manager_id) WHERE manager_id IS NOT NULL;

CREATE TABLE team_members (
    team_id INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX team_members_by_person ON team_members (person_id);

CREATE TABLE people (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    primary_email TEXT NOT NULL,
    email_key TEXT NOT NULL,  -- the address as it is unique: letter case does not matter
    source TEXT,
    sourceID TEXT,
    employeeID TEXT,
    supportID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    organization_id INTEGER REFERENCES organizations (id) ON DELETE SET NULL,
    site_id INTEGER REFERENCES sites (id) ON DELETE SET NULL,
    manager_id INTEGER REFERENCES people (id) ON DELETE SET NULL,
    work_hours_id INTEGER REFERENCES calendars (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    details TEXT NOT NULL DEFAULT '{}',
    UNIQUE (email_key, account_id)
) STRICT;
CREATE INDEX people_by_name ON people (name_key, id);
CREATE INDEX people_by_organization ON people (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX people_by_site ON people (site_id) WHERE site_id IS NOT NULL;
CREATE INDEX people_by_manager ON people (manager_id) WHERE manager_id IS NOT NULL;
CREATE INDEX people_by_work_hours ON people (work_hours_id) WHERE work_hours_id IS NOT NULL;
CREATE INDEX people_by_employee ON people (employeeID, disabled) WHERE employeeID IS NOT NULL;
CREATE INDEX people_by_support ON people (supportID COLLATE NOCASE, disabled) WHERE supportID IS NOT NULL;
CREATE INDEX people_by_source ON people (sourceID, source) WHERE sourceID IS NOT NULL;
CREATE INDEX people_by_update ON people (updated_at, id);
CREATE INDEX people_disabled ON people (name_key, id, account_id) WHERE disabled = 1;  -- few, among a million

CREATE TABLE roles (
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    role TEXT NOT NULL,
    PRIMARY KEY (person_id, account_id, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE removals (  -- who is in the archive or the trash, and not among the people
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    person_id INTEGER NOT NULL UNIQUE REFERENCES people (id) ON DELETE CASCADE,
    place TEXT NOT NULL CHECK (place IN ('archive', 'trash')),
    removed_by INTEGER REFERENCES people (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL
) STRICT;

CREATE TABLE contacts (  -- of people
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    protocol TEXT NOT NULL,
    uri TEXT NOT NULL,
    integration INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX contacts_by_owner ON contacts (owner_id);

-- Clustered on the reversed digits: "ends in" becomes "begins with", which an index can answer. Among equal digits the enabled
-- come first, as they do in an answer: rank 0. The disabled have 1, who is in the archive or the trash 2; triggers keep it so.
CREATE TABLE telephone_keys (
    reversed TEXT NOT NULL,
    rank INTEGER NOT NULL,
    person_id INTEGER NOT NULL,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    PRIMARY KEY (reversed, rank, person_id, contact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX telephone_keys_by_contact ON telephone_keys (contact_id);

CREATE TRIGGER rank_of_disabled AFTER UPDATE OF disabled ON people WHEN OLD.disabled <> NEW.disabled BEGIN
    UPDATE telephone_keys SET rank = NEW.disabled
    WHERE rank < 2 AND contact_id IN (SELECT id FROM contacts WHERE owner_id = NEW.id);
END;
CREATE TRIGGER rank_of_removed AFTER INSERT ON removals BEGIN
    UPDATE telephone_keys SET rank = 2 WHERE contact_id IN (SELECT id FROM contacts WHERE owner_id = NEW.person_id);
END;
CREATE TRIGGER rank_of_restored AFTER DELETE ON removals BEGIN
    UPDATE telephone_keys SET rank = coalesce((SELECT disabled FROM people WHERE id = OLD.person_id), 2)
    WHERE contact_id IN (SELECT id FROM contacts WHERE owner_id = OLD.person_id);
END;

CREATE TABLE organization_contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    protocol TEXT NOT NULL,
    uri TEXT NOT NULL,
    integration INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX organization_contacts_by_owner ON organization_contacts (owner_id);

CREATE TABLE addresses (  -- of people
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    address TEXT,
    city TEXT,
    state TEXT,
    zip TEXT,
    country TEXT,
    integration INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX addresses_by_owner ON addresses (owner_id);

CREATE TABLE organization_addresses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    owner_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    address TEXT,
    city TEXT,
    state TEXT,
    zip TEXT,
    country TEXT,
    integration INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX organization_addresses_by_owner ON organization_addresses (owner_id);

CREATE TABLE applications (  -- OAuth 2 clients
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    client_id TEXT NOT NULL UNIQUE,
    secret_hash BLOB NOT NULL,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    roles TEXT NOT NULL,   -- JSON list of names
    scopes TEXT NOT NULL,  -- JSON list of "model:action"
    created_at TEXT NOT NULL,
    revoked_at TEXT
) STRICT;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    hash BLOB NOT NULL UNIQUE,
    person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    application_id INTEGER REFERENCES applications (id) ON DELETE CASCADE,  -- whose access token it is
    roles TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT
) STRICT;
CREATE INDEX tokens_by_application ON tokens (application_id) WHERE application_id IS NOT NULL;

CREATE TABLE webhook_policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0,
    jwt_alg TEXT NOT NULL,
    jwt_audience TEXT,
    jwt_claim_expires_in INTEGER,  -- minutes
    secret TEXT NOT NULL,          -- the private key as PEM, or the shared secret; empty for `none`
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    name TEXT,
    description TEXT,
    event TEXT NOT NULL,
    uri TEXT NOT NULL,
    source TEXT,
    sourceID TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    mail_exceptions_to TEXT,
    webhook_policy_id INTEGER REFERENCES webhook_policies (id) ON DELETE SET NULL,
    verification_hash BLOB,   -- of the code its receiver has to call back with
    verification_ends TEXT,
    verified_at TEXT,         -- until then nothing but the verification is sent
    failures INTEGER NOT NULL DEFAULT 0,  -- in a row
    last_error TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE deliveries (  -- what is yet to be sent
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook_id INTEGER NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    delivery TEXT NOT NULL,  -- a UUID
    event TEXT NOT NULL,
    object_id INTEGER NOT NULL,
    person_id INTEGER,       -- who did it
    payload TEXT NOT NULL DEFAULT '{}',
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,    -- seconds since the epoch
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX deliveries_by_turn ON deliveries (webhook_id, due_at);
CREATE INDEX deliveries_by_object ON deliveries (webhook_id, object_id);

CREATE TABLE jobs (  -- imports and exports
    token TEXT PRIMARY KEY,
    direction TEXT NOT NULL CHECK (direction IN ('import', 'export')),
    account_id TEXT NOT NULL REFERENCES accounts (id),
    person_id INTEGER,        -- who asked for it
    type TEXT NOT NULL,       -- people, people_contact_details …; of exports a comma list
    state TEXT NOT NULL CHECK (state IN ('queued', 'processing', 'done', 'error')),
    options TEXT NOT NULL DEFAULT '{}',
    results TEXT,             -- JSON object of counts
    message TEXT,
    line INTEGER,
    created_at TEXT NOT NULL,
    finished_at TEXT
) STRICT;
