-- The board: what a user sees, and the log of every change to it.
--
-- Rules that hold for any writer, the sqlite3 shell too, live here: the change log
-- (one row for each row written, in the same transaction; a deletion keeps the whole
-- row, so that it can come back), the version of a task,
-- updated_at, and the removal of what hangs on a deleted row. All other rules live
-- in paso/commands.
--
-- A row has a local integer id (never reused) and a global uid (UUIDv7, RFC 9562).
-- Times are RFC 3339, UTC. A rank is a fractional index: text, compared bytewise.

-- What was applied to this file, in the transaction that applied it.
CREATE TABLE migrations (
  number INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,
  at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

-- Not logged: notes of this computer, such as the project used last.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  uid         TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  key         TEXT NOT NULL UNIQUE COLLATE NOCASE
              CHECK (length(key) BETWEEN 1 AND 10 AND key NOT GLOB '*[^A-Z0-9]*'),
  name        TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  description TEXT NOT NULL DEFAULT '',
  archived_at TEXT,
  created_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at  TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;

-- Not logged: undoing the creation of a task must not give its number out again.
CREATE TABLE task_numbers (
  project_id INTEGER PRIMARY KEY,
  last       INTEGER NOT NULL
) STRICT;

CREATE TABLE columns (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uid        TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  project_id INTEGER NOT NULL REFERENCES projects (id),
  name       TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 100),
  role       TEXT CHECK (role IN ('ready', 'in-progress', 'completed')),
  wip_limit  INTEGER CHECK (wip_limit > 0),
  rank       TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (project_id, name)
) STRICT;
CREATE UNIQUE INDEX columns_by_role ON columns (project_id, role) WHERE role IS NOT NULL;

CREATE TABLE labels (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uid        TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  project_id INTEGER NOT NULL REFERENCES projects (id),
  name       TEXT NOT NULL COLLATE NOCASE CHECK (length(name) BETWEEN 1 AND 100),
  color      TEXT NOT NULL DEFAULT '#7D56F4',
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (project_id, name)
) STRICT;

CREATE TABLE tasks (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  uid          TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  project_id   INTEGER NOT NULL REFERENCES projects (id),
  number       INTEGER NOT NULL,
  column_id    INTEGER NOT NULL REFERENCES columns (id),
  rank         TEXT NOT NULL,
  title        TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 255),
  description  TEXT NOT NULL DEFAULT '',
  type         TEXT NOT NULL DEFAULT 'task' CHECK (type IN ('task', 'feature', 'bug')),
  priority     TEXT NOT NULL DEFAULT 'medium'
               CHECK (priority IN ('trivial', 'low', 'medium', 'high', 'critical')),
  due          TEXT CHECK (due GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
  assignee     TEXT,
  archived_at  TEXT,
  completed_at TEXT,
  version      INTEGER NOT NULL DEFAULT 1,
  created_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at   TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (project_id, number)
) STRICT;
CREATE INDEX tasks_by_column ON tasks (column_id, rank, uid) WHERE archived_at IS NULL;
CREATE INDEX tasks_archived ON tasks (project_id) WHERE archived_at IS NOT NULL;

CREATE TABLE comments (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uid        TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  project_id INTEGER NOT NULL REFERENCES projects (id),
  task_id    INTEGER NOT NULL REFERENCES tasks (id),
  author     TEXT NOT NULL DEFAULT '',
  body       TEXT NOT NULL CHECK (length(body) > 0),
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
CREATE INDEX comments_by_task ON comments (task_id, project_id);

CREATE TABLE task_labels (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uid        TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  project_id INTEGER NOT NULL REFERENCES projects (id),
  task_id    INTEGER NOT NULL REFERENCES tasks (id),
  label_id   INTEGER NOT NULL REFERENCES labels (id),
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (task_id, label_id)
) STRICT;
CREATE INDEX task_labels_by_label ON task_labels (label_id);

-- parent: from_id is the parent of to_id. blocks: from_id blocks to_id.
-- related: has no direction, from_id is the smaller id.
CREATE TABLE relations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  uid        TEXT NOT NULL UNIQUE DEFAULT (lower(printf('%08x-%04x-7%03x-%x%03x-%012x',
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) >> 16,
      (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) & 65535,
      abs(random() % 4096), 8 + abs(random() % 4), abs(random() % 4096),
      abs(random() % 281474976710656)))),
  project_id INTEGER NOT NULL REFERENCES projects (id),
  kind       TEXT NOT NULL CHECK (kind IN ('parent', 'blocks', 'related')),
  from_id    INTEGER NOT NULL REFERENCES tasks (id),
  to_id      INTEGER NOT NULL REFERENCES tasks (id),
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  UNIQUE (from_id, kind, to_id),
  CHECK (from_id <> to_id),
  CHECK (kind <> 'related' OR from_id < to_id)
) STRICT;
CREATE INDEX relations_by_target ON relations (to_id, kind);
CREATE INDEX relations_by_project ON relations (project_id);
CREATE UNIQUE INDEX relations_one_parent ON relations (to_id) WHERE kind = 'parent';

-- The change log --------------------------------------------------------------

-- One batch is one thing a user did: the step of undo and redo. `setup` is what Paso
-- did by itself when it made the database; nobody undoes it.
CREATE TABLE batches (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  at      TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  actor   TEXT NOT NULL DEFAULT 'sqlite',
  client  TEXT NOT NULL DEFAULT 'sqlite',
  pid     INTEGER,
  kind    TEXT NOT NULL DEFAULT 'write'
          CHECK (kind IN ('write', 'undo', 'redo', 'setup')),
  target  INTEGER REFERENCES batches (id),
  undone  INTEGER NOT NULL DEFAULT 0,
  summary TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX batches_by_actor ON batches (actor, kind, undone, id);

-- The batch of the transaction under way: set after BEGIN, null again before COMMIT,
-- so a writer that knows nothing of it finds null.
CREATE TABLE current_batch (
  one   INTEGER PRIMARY KEY CHECK (one = 1),
  batch INTEGER
) STRICT;
INSERT INTO current_batch VALUES (1, NULL);

-- SQLite has one writer at a time, so ids are dense and in the order of commits.
CREATE TABLE change_log (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
  batch      INTEGER REFERENCES batches (id),
  project_id INTEGER NOT NULL,
  entity     TEXT NOT NULL,
  op         TEXT NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
  entity_id  INTEGER NOT NULL,
  uid        TEXT NOT NULL
) STRICT;
CREATE INDEX change_log_by_batch ON change_log (batch);
CREATE INDEX change_log_by_entity ON change_log (entity, entity_id);

-- The values of a change; a field that is not here did not change, or was and is NULL.
-- A table and not JSON: to SQLite before 3.41 its own JSON functions are unsafe in
-- triggers once trusted_schema is off, as it is in the sqlite3 shell.
CREATE TABLE change_fields (
  change INTEGER NOT NULL REFERENCES change_log (id),
  name   TEXT NOT NULL,
  old    ANY,
  new    ANY,
  PRIMARY KEY (change, name)
) STRICT, WITHOUT ROWID;
-- The history of a task has the rows of its comments, labels and relations too.
CREATE INDEX change_fields_by_old_task ON change_fields (old)
  WHERE name IN ('task_id', 'from_id', 'to_id');
CREATE INDEX change_fields_by_new_task ON change_fields (new)
  WHERE name IN ('task_id', 'from_id', 'to_id');

-- A change of a writer that named no batch is a batch of its own.
CREATE TRIGGER change_log_own_batch AFTER INSERT ON change_log WHEN NEW.batch IS NULL
BEGIN
  INSERT INTO batches (summary) VALUES (NEW.op || ' ' || NEW.entity);
  UPDATE change_log SET batch = (SELECT max(id) FROM batches) WHERE id = NEW.id;
END;

-- What hangs on a row goes before it, so that each deletion can be told with its
-- project. Works without PRAGMA foreign_keys, as in the sqlite3 shell.

CREATE TRIGGER projects_delete_parts BEFORE DELETE ON projects
BEGIN
  DELETE FROM tasks WHERE project_id = OLD.id;
  DELETE FROM labels WHERE project_id = OLD.id;
  DELETE FROM columns WHERE project_id = OLD.id;
END;

CREATE TRIGGER columns_delete_parts BEFORE DELETE ON columns
BEGIN
  DELETE FROM tasks WHERE column_id = OLD.id;
END;

CREATE TRIGGER labels_delete_parts BEFORE DELETE ON labels
BEGIN
  DELETE FROM task_labels WHERE label_id = OLD.id;
END;

CREATE TRIGGER tasks_delete_parts BEFORE DELETE ON tasks
BEGIN
  DELETE FROM comments WHERE task_id = OLD.id;
  DELETE FROM task_labels WHERE task_id = OLD.id;
  DELETE FROM relations WHERE from_id = OLD.id OR to_id = OLD.id;
END;

-- The numbers given out follow what is inserted, whoever inserts.
CREATE TRIGGER tasks_note_number AFTER INSERT ON tasks
BEGIN
  INSERT INTO task_numbers VALUES (NEW.project_id, NEW.number)
    ON CONFLICT (project_id) DO UPDATE SET last = max(last, excluded.last);
END;

-- projects

CREATE TRIGGER projects_log_insert AFTER INSERT ON projects
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.id, 'project', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'key' AS name, NULL AS old, NEW.key AS new
    UNION ALL SELECT 'name', NULL, NEW.name
    UNION ALL SELECT 'description', NULL, NEW.description
    UNION ALL SELECT 'archived_at', NULL, NEW.archived_at
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER projects_log_update AFTER UPDATE OF
  key, name, description, archived_at, created_at
ON projects WHEN
  OLD.key IS NOT NEW.key OR OLD.name IS NOT NEW.name OR OLD.description IS NOT
  NEW.description OR OLD.archived_at IS NOT NEW.archived_at OR OLD.created_at IS NOT
  NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.id, 'project', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'key' AS name, OLD.key AS old, NEW.key AS new
    UNION ALL SELECT 'name', OLD.name, NEW.name
    UNION ALL SELECT 'description', OLD.description, NEW.description
    UNION ALL SELECT 'archived_at', OLD.archived_at, NEW.archived_at
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
  UPDATE projects SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id = NEW.id;
END;

CREATE TRIGGER projects_log_delete AFTER DELETE ON projects
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.id, 'project', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'key' AS name, OLD.key AS old, NULL AS new
    UNION ALL SELECT 'name', OLD.name, NULL
    UNION ALL SELECT 'description', OLD.description, NULL
    UNION ALL SELECT 'archived_at', OLD.archived_at, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
    UNION ALL SELECT 'updated_at', OLD.updated_at, NULL
  ) WHERE old IS NOT NULL;
END;

-- columns

CREATE TRIGGER columns_log_insert AFTER INSERT ON columns
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'column', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, NULL AS old, NEW.project_id AS new
    UNION ALL SELECT 'name', NULL, NEW.name
    UNION ALL SELECT 'role', NULL, NEW.role
    UNION ALL SELECT 'wip_limit', NULL, NEW.wip_limit
    UNION ALL SELECT 'rank', NULL, NEW.rank
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER columns_log_update AFTER UPDATE OF
  project_id, name, role, wip_limit, rank, created_at
ON columns WHEN
  OLD.project_id IS NOT NEW.project_id OR OLD.name IS NOT NEW.name OR OLD.role IS NOT
  NEW.role OR OLD.wip_limit IS NOT NEW.wip_limit OR OLD.rank IS NOT NEW.rank OR
  OLD.created_at IS NOT NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'column', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NEW.project_id AS new
    UNION ALL SELECT 'name', OLD.name, NEW.name
    UNION ALL SELECT 'role', OLD.role, NEW.role
    UNION ALL SELECT 'wip_limit', OLD.wip_limit, NEW.wip_limit
    UNION ALL SELECT 'rank', OLD.rank, NEW.rank
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
  UPDATE columns SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id = NEW.id;
END;

CREATE TRIGGER columns_log_delete AFTER DELETE ON columns
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.project_id, 'column', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NULL AS new
    UNION ALL SELECT 'name', OLD.name, NULL
    UNION ALL SELECT 'role', OLD.role, NULL
    UNION ALL SELECT 'wip_limit', OLD.wip_limit, NULL
    UNION ALL SELECT 'rank', OLD.rank, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
    UNION ALL SELECT 'updated_at', OLD.updated_at, NULL
  ) WHERE old IS NOT NULL;
END;

-- labels

CREATE TRIGGER labels_log_insert AFTER INSERT ON labels
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'label', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, NULL AS old, NEW.project_id AS new
    UNION ALL SELECT 'name', NULL, NEW.name
    UNION ALL SELECT 'color', NULL, NEW.color
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER labels_log_update AFTER UPDATE OF
  project_id, name, color, created_at
ON labels WHEN
  OLD.project_id IS NOT NEW.project_id OR OLD.name IS NOT NEW.name OR OLD.color IS NOT
  NEW.color OR OLD.created_at IS NOT NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'label', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NEW.project_id AS new
    UNION ALL SELECT 'name', OLD.name, NEW.name
    UNION ALL SELECT 'color', OLD.color, NEW.color
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
  UPDATE labels SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id = NEW.id;
END;

CREATE TRIGGER labels_log_delete AFTER DELETE ON labels
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.project_id, 'label', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NULL AS new
    UNION ALL SELECT 'name', OLD.name, NULL
    UNION ALL SELECT 'color', OLD.color, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
    UNION ALL SELECT 'updated_at', OLD.updated_at, NULL
  ) WHERE old IS NOT NULL;
END;

-- tasks

CREATE TRIGGER tasks_log_insert AFTER INSERT ON tasks
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'task', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, NULL AS old, NEW.project_id AS new
    UNION ALL SELECT 'number', NULL, NEW.number
    UNION ALL SELECT 'column_id', NULL, NEW.column_id
    UNION ALL SELECT 'rank', NULL, NEW.rank
    UNION ALL SELECT 'title', NULL, NEW.title
    UNION ALL SELECT 'description', NULL, NEW.description
    UNION ALL SELECT 'type', NULL, NEW.type
    UNION ALL SELECT 'priority', NULL, NEW.priority
    UNION ALL SELECT 'due', NULL, NEW.due
    UNION ALL SELECT 'assignee', NULL, NEW.assignee
    UNION ALL SELECT 'archived_at', NULL, NEW.archived_at
    UNION ALL SELECT 'completed_at', NULL, NEW.completed_at
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER tasks_log_update AFTER UPDATE OF
  project_id, number, column_id, rank, title, description, type, priority, due,
  assignee, archived_at, completed_at, created_at
ON tasks WHEN
  OLD.project_id IS NOT NEW.project_id OR OLD.number IS NOT NEW.number OR
  OLD.column_id IS NOT NEW.column_id OR OLD.rank IS NOT NEW.rank OR OLD.title IS NOT
  NEW.title OR OLD.description IS NOT NEW.description OR OLD.type IS NOT NEW.type OR
  OLD.priority IS NOT NEW.priority OR OLD.due IS NOT NEW.due OR OLD.assignee IS NOT
  NEW.assignee OR OLD.archived_at IS NOT NEW.archived_at OR OLD.completed_at IS NOT
  NEW.completed_at OR OLD.created_at IS NOT NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'task', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NEW.project_id AS new
    UNION ALL SELECT 'number', OLD.number, NEW.number
    UNION ALL SELECT 'column_id', OLD.column_id, NEW.column_id
    UNION ALL SELECT 'rank', OLD.rank, NEW.rank
    UNION ALL SELECT 'title', OLD.title, NEW.title
    UNION ALL SELECT 'description', OLD.description, NEW.description
    UNION ALL SELECT 'type', OLD.type, NEW.type
    UNION ALL SELECT 'priority', OLD.priority, NEW.priority
    UNION ALL SELECT 'due', OLD.due, NEW.due
    UNION ALL SELECT 'assignee', OLD.assignee, NEW.assignee
    UNION ALL SELECT 'archived_at', OLD.archived_at, NEW.archived_at
    UNION ALL SELECT 'completed_at', OLD.completed_at, NEW.completed_at
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
  UPDATE tasks SET version = OLD.version + 1, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id = NEW.id;
END;

CREATE TRIGGER tasks_log_delete AFTER DELETE ON tasks
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.project_id, 'task', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NULL AS new
    UNION ALL SELECT 'number', OLD.number, NULL
    UNION ALL SELECT 'column_id', OLD.column_id, NULL
    UNION ALL SELECT 'rank', OLD.rank, NULL
    UNION ALL SELECT 'title', OLD.title, NULL
    UNION ALL SELECT 'description', OLD.description, NULL
    UNION ALL SELECT 'type', OLD.type, NULL
    UNION ALL SELECT 'priority', OLD.priority, NULL
    UNION ALL SELECT 'due', OLD.due, NULL
    UNION ALL SELECT 'assignee', OLD.assignee, NULL
    UNION ALL SELECT 'archived_at', OLD.archived_at, NULL
    UNION ALL SELECT 'completed_at', OLD.completed_at, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
    UNION ALL SELECT 'updated_at', OLD.updated_at, NULL
    UNION ALL SELECT 'version', OLD.version, NULL
  ) WHERE old IS NOT NULL;
END;

-- comments

CREATE TRIGGER comments_log_insert AFTER INSERT ON comments
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'comment', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, NULL AS old, NEW.project_id AS new
    UNION ALL SELECT 'task_id', NULL, NEW.task_id
    UNION ALL SELECT 'author', NULL, NEW.author
    UNION ALL SELECT 'body', NULL, NEW.body
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER comments_log_update AFTER UPDATE OF
  project_id, task_id, author, body, created_at
ON comments WHEN
  OLD.project_id IS NOT NEW.project_id OR OLD.task_id IS NOT NEW.task_id OR OLD.author
  IS NOT NEW.author OR OLD.body IS NOT NEW.body OR OLD.created_at IS NOT
  NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'comment', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NEW.project_id AS new
    UNION ALL SELECT 'task_id', OLD.task_id, NEW.task_id
    UNION ALL SELECT 'author', OLD.author, NEW.author
    UNION ALL SELECT 'body', OLD.body, NEW.body
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
  UPDATE comments SET updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
    WHERE id = NEW.id;
END;

CREATE TRIGGER comments_log_delete AFTER DELETE ON comments
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.project_id, 'comment', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NULL AS new
    UNION ALL SELECT 'task_id', OLD.task_id, NULL
    UNION ALL SELECT 'author', OLD.author, NULL
    UNION ALL SELECT 'body', OLD.body, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
    UNION ALL SELECT 'updated_at', OLD.updated_at, NULL
  ) WHERE old IS NOT NULL;
END;

-- task_labels

CREATE TRIGGER task_labels_log_insert AFTER INSERT ON task_labels
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'task_label', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, NULL AS old, NEW.project_id AS new
    UNION ALL SELECT 'task_id', NULL, NEW.task_id
    UNION ALL SELECT 'label_id', NULL, NEW.label_id
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER task_labels_log_update AFTER UPDATE OF
  project_id, task_id, label_id, created_at
ON task_labels WHEN
  OLD.project_id IS NOT NEW.project_id OR OLD.task_id IS NOT NEW.task_id OR
  OLD.label_id IS NOT NEW.label_id OR OLD.created_at IS NOT NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'task_label', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NEW.project_id AS new
    UNION ALL SELECT 'task_id', OLD.task_id, NEW.task_id
    UNION ALL SELECT 'label_id', OLD.label_id, NEW.label_id
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
END;

CREATE TRIGGER task_labels_log_delete AFTER DELETE ON task_labels
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.project_id, 'task_label', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NULL AS new
    UNION ALL SELECT 'task_id', OLD.task_id, NULL
    UNION ALL SELECT 'label_id', OLD.label_id, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
  ) WHERE old IS NOT NULL;
END;

-- relations

CREATE TRIGGER relations_log_insert AFTER INSERT ON relations
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'relation', 'insert', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, NULL AS old, NEW.project_id AS new
    UNION ALL SELECT 'kind', NULL, NEW.kind
    UNION ALL SELECT 'from_id', NULL, NEW.from_id
    UNION ALL SELECT 'to_id', NULL, NEW.to_id
    UNION ALL SELECT 'created_at', NULL, NEW.created_at
  ) WHERE new IS NOT NULL;
END;

CREATE TRIGGER relations_log_update AFTER UPDATE OF
  project_id, kind, from_id, to_id, created_at
ON relations WHEN
  OLD.project_id IS NOT NEW.project_id OR OLD.kind IS NOT NEW.kind OR OLD.from_id IS
  NOT NEW.from_id OR OLD.to_id IS NOT NEW.to_id OR OLD.created_at IS NOT
  NEW.created_at
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, NEW.project_id, 'relation', 'update', NEW.id, NEW.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NEW.project_id AS new
    UNION ALL SELECT 'kind', OLD.kind, NEW.kind
    UNION ALL SELECT 'from_id', OLD.from_id, NEW.from_id
    UNION ALL SELECT 'to_id', OLD.to_id, NEW.to_id
    UNION ALL SELECT 'created_at', OLD.created_at, NEW.created_at
  ) WHERE old IS NOT new;
END;

CREATE TRIGGER relations_log_delete AFTER DELETE ON relations
BEGIN
  INSERT INTO change_log (batch, project_id, entity, op, entity_id, uid)
  SELECT batch, OLD.project_id, 'relation', 'delete', OLD.id, OLD.uid
    FROM current_batch;
  INSERT INTO change_fields
  SELECT (SELECT max(id) FROM change_log), name, old, new FROM (
    SELECT 'project_id' AS name, OLD.project_id AS old, NULL AS new
    UNION ALL SELECT 'kind', OLD.kind, NULL
    UNION ALL SELECT 'from_id', OLD.from_id, NULL
    UNION ALL SELECT 'to_id', OLD.to_id, NULL
    UNION ALL SELECT 'created_at', OLD.created_at, NULL
  ) WHERE old IS NOT NULL;
END;
