-- Checked rows of a file on their way into a directory. Rows are numbered as they stand in the file; `line` is where they begin.

CREATE TABLE progress (
    entries INTEGER NOT NULL,  -- how many of the file's were read
    groups INTEGER NOT NULL,   -- how many groups of neighbouring contacts with one owner there are
    last_owner TEXT NOT NULL,  -- whose the last group is
    complete INTEGER NOT NULL
) STRICT;
INSERT INTO progress VALUES (0, 0, '', 0);

CREATE TABLE people (
    row INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    id INTEGER,
    name TEXT,
    name_key TEXT,
    primary_email TEXT,
    email_key TEXT,
    source TEXT,
    sourceID TEXT,
    employeeID TEXT,
    supportID TEXT,
    disabled INTEGER,
    organization TEXT,
    site TEXT,
    work_hours TEXT,
    manager_key TEXT,  -- an address or a name, letter case folded; or another entry of the file, as `name_in_file` has it
    name_in_file TEXT,
    details TEXT NOT NULL  -- JSON; null for a field that is to be cleared
) STRICT;

CREATE TABLE groups (
    number INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    owner_key TEXT,      -- an address or a name, letter case folded
    owner TEXT,          -- as it is written
    person_row INTEGER,  -- or the person of the same entry
    integration INTEGER NOT NULL
) STRICT;

CREATE TABLE contacts (
    row INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id INTEGER,
    label TEXT NOT NULL,
    protocol TEXT NOT NULL,
    uri TEXT NOT NULL,
    integration INTEGER NOT NULL
) STRICT;

CREATE TABLE telephone_keys (
    reversed TEXT NOT NULL,
    row INTEGER NOT NULL
) STRICT;

CREATE TABLE addresses (
    row INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    number INTEGER NOT NULL,
    id INTEGER,
    label TEXT NOT NULL,
    address TEXT,
    city TEXT,
    state TEXT,
    zip TEXT,
    country TEXT,
    integration INTEGER NOT NULL
) STRICT;

CREATE TABLE rejected (
    line INTEGER NOT NULL,
    field TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
