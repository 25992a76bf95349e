"""Makes databases as the Go program Paso makes them, for the tests of the import.

The tables are those of its goose migrations: the first of them, or the thirteenth,
which renames the number and knows assignees, due dates and archived tasks.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

SCHEMA = """
CREATE TABLE goose_db_version (
  id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
  is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')));
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);
CREATE TABLE types (id INTEGER PRIMARY KEY, description TEXT NOT NULL UNIQUE);
INSERT INTO types VALUES (1, 'task'), (2, 'feature'), (3, 'bug');
CREATE TABLE priorities (
  id INTEGER PRIMARY KEY, description TEXT NOT NULL UNIQUE, color TEXT NOT NULL);
INSERT INTO priorities VALUES (1, 'trivial', '#3B82F6'), (2, 'low', '#22C55E'),
  (3, 'medium', '#EAB308'), (4, 'high', '#F97316'), (5, 'critical', '#EF4444');
CREATE TABLE relation_types (
  id INTEGER PRIMARY KEY, p_to_c_label TEXT NOT NULL, c_to_p_label TEXT NOT NULL,
  color TEXT NOT NULL, is_blocking BOOLEAN NOT NULL DEFAULT 0);
INSERT INTO relation_types VALUES (1, 'Parent', 'Child', '#6B7280', 0),
  (2, 'Blocked By', 'Blocker', '#EF4444', 1),
  (3, 'Related To', 'Related To', '#3B82F6', 0);
CREATE TABLE projects (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
  description TEXT DEFAULT '', created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE project_counters (
  project_id INTEGER PRIMARY KEY REFERENCES projects (id) ON DELETE CASCADE,
  next_ticket_number INTEGER DEFAULT 1);
CREATE TABLE columns (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, prev_id INTEGER NULL,
  next_id INTEGER NULL,
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  holds_ready_tasks BOOLEAN NOT NULL DEFAULT 0,
  holds_completed_tasks BOOLEAN NOT NULL DEFAULT 0,
  holds_in_progress_tasks BOOLEAN NOT NULL DEFAULT 0);
CREATE TABLE labels (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
  color TEXT NOT NULL DEFAULT '#7D56F4',
  project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  UNIQUE (name, project_id));
CREATE TABLE tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, description TEXT,
  column_id INTEGER NOT NULL REFERENCES columns (id) ON DELETE CASCADE,
  position INTEGER NOT NULL, ticket_number INTEGER,
  type_id INTEGER NOT NULL DEFAULT 1 REFERENCES types (id),
  priority_id INTEGER NOT NULL DEFAULT 3 REFERENCES priorities (id),
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE task_labels (
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  label_id INTEGER NOT NULL REFERENCES labels (id) ON DELETE CASCADE,
  PRIMARY KEY (task_id, label_id));
CREATE TABLE task_subtasks (
  parent_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  child_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  relation_type_id INTEGER NOT NULL DEFAULT 1 REFERENCES relation_types (id),
  PRIMARY KEY (parent_id, child_id));
CREATE TABLE task_comments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id INTEGER NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  content TEXT NOT NULL CHECK (length(content) <= 1000),
  author TEXT NOT NULL DEFAULT '', created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
"""

LATER = """
CREATE TABLE assignees (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);
ALTER TABLE tasks ADD COLUMN assignee_id INTEGER NULL REFERENCES assignees (id);
ALTER TABLE tasks ADD COLUMN due_date DATETIME NULL;
ALTER TABLE tasks ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tasks RENAME COLUMN ticket_number TO task_number;
ALTER TABLE project_counters RENAME COLUMN next_ticket_number TO next_task_number;
"""

BOARD = """
INSERT INTO projects (id, name, description, created_at) VALUES
  (1, 'Web Shop', 'Ours', '2026-01-03 10:00:00');
INSERT INTO project_counters VALUES (1, 12);
-- Stored out of order, linked in order; the middle one has no flag, as it is seeded.
INSERT INTO columns (id, name, prev_id, next_id, project_id, holds_ready_tasks,
                     holds_completed_tasks) VALUES
  (1, 'Todo', NULL, 4, 1, 1, 0), (2, 'In Progress', 4, 3, 1, 0, 0),
  (3, 'Done', 2, NULL, 1, 0, 1), (4, 'Review', 1, 2, 1, 0, 0);
INSERT INTO labels (id, name, color, project_id) VALUES
  (1, 'bug', '#EF4444', 1), (2, 'help wanted', '#22C55E', 1);
INSERT INTO tasks (id, title, description, column_id, position, ticket_number, type_id,
                   priority_id, created_at, updated_at) VALUES
  (1, 'Blocked one', 'text', 1, 9999, 1, 3, 4,
   '2026-01-03 10:01:00', '2026-01-04 11:00:00'),
  (2, 'Blocker', NULL, 1, 9999, 2, 1, 3,
   '2026-01-03 10:02:00.123456789 +0100 CET', '2026-01-03 10:02:00'),
  (3, 'First by position', '', 1, 0, 3, 2, 5,
   '2026-01-03T10:03:00Z', '2026-01-03 10:03:00'),
  (4, 'Finished', '', 3, 0, 4, 1, 1, '2026-01-03 10:04:00', '2026-01-05 09:00:00');
INSERT INTO task_labels VALUES (1, 1), (1, 2), (4, 2);
INSERT INTO task_subtasks VALUES (1, 2, 2), (3, 4, 1), (2, 3, 3);
INSERT INTO task_comments (task_id, content, author, created_at) VALUES
  (1, 'second', 'ann', '2026-01-03 12:00:00'),
  (1, 'first', '', '2026-01-03 11:00:00');
"""


def make_go_paso(path: Path, board: str = BOARD, *, later: bool = False) -> Path:
    """Make the file in its journal mode, WAL, and close it."""
    conn = sqlite3.connect(path)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.executescript(SCHEMA)
    conn.executescript(board)
    if later:
        conn.executescript(LATER)
    conn.close()
    return path
