"""`paso project`: every verb; the current project; counts."""

from __future__ import annotations

from paso.model import Project
from tests.paso.cli.conftest import Cli


def test_projects_are_created_listed_shown(paso: Cli) -> None:
    made = paso.json("project", "create", "Web shop", "-d", "what\nfor")
    assert list(made) == list(Project._fields)
    assert (made["name"], made["description"]) == ("Web shop", "what\nfor")
    assert made["counts"] == {"open": 0, "completed": 0, "archived": 0}
    key = made["key"]
    assert key.isalnum()
    assert [one["key"] for one in paso.json("project", "list")] == ["PASO", key]
    assert paso.json("project", "show", key) == made
    assert paso.json("project", "show", str(made["id"])) == made
    assert paso.json("project", "show", "web shop") == made
    assert "what\nfor" in paso("project", "show", key).out
    assert paso("project", "list", "--quiet").out == f"PASO\n{key}\n"
    assert "Web shop" in paso("project", "list").out


def test_a_key_is_unique_and_well_formed(paso: Cli) -> None:
    paso("project", "create", "One", "--key", "ONE")
    assert (
        paso.fail(4, "project", "create", "x", "--key", "ONE")["code"] == "name_taken"
    )
    assert paso.fail(5, "project", "create", "x", "--key", "no good")
    assert paso.fail(5, "project", "create", "")


def test_a_project_is_renamed_with_its_tasks(paso: Cli) -> None:
    paso("add", "x")
    changed = paso.json("project", "rename", "PASO", "New", "--key", "NEW")
    assert (changed["name"], changed["key"]) == ("New", "NEW")
    assert paso.json("list")[0]["key"] == "NEW-1"


def test_a_project_with_open_tasks_is_deleted_only_by_force(paso: Cli) -> None:
    paso("add", "x")
    assert paso.fail(2, "project", "delete", "PASO")["code"] == "usage"
    assert paso.fail(4, "project", "delete", "PASO", "--yes")["code"] == "not_empty"
    gone = paso.json("project", "delete", "PASO", "--yes", "--force")
    assert gone["key"] == "PASO"
    assert paso.json("project", "list") == []
    shown = paso("project", "list")
    assert "paso project create" in shown.err
    assert paso.fail(2, "list")["code"] == "no_project"
    paso("undo")
    assert paso.json("list")[0]["title"] == "x"


def test_an_archived_project_leaves_the_list_and_comes_back(paso: Cli) -> None:
    paso("project", "create", "Old", "--key", "OLD")
    assert paso.json("project", "archive", "OLD")["archived"] is True
    assert [one["key"] for one in paso.json("project", "list")] == ["PASO"]
    listed = paso.json("project", "list", "--archived")
    assert "OLD" in [one["key"] for one in listed]
    assert paso.json("project", "archive", "OLD", "--restore")["archived"] is False
    assert len(paso.json("project", "list")) == 2


def test_the_current_project_is_found_in_the_order_of_the_manual(paso: Cli) -> None:
    for key in ("ONE", "TWO", "SIX"):
        paso("project", "create", key, "--key", key)

    def current(*words: str, **environ: str) -> str:
        found = paso("project", "show", *words, "--json", **environ)
        return str(found.data["key"] if found.code == 0 else found.error["code"])

    assert current() == "no_project"
    error = paso.fail(2, "project", "show")
    assert any("ONE" in one for one in error["candidates"])
    paso("project", "use", "SIX")
    assert current() == "SIX"
    assert paso.json("project", "use", "TWO", "--here")["key"] == "TWO"
    assert (paso.folder / ".paso.toml").read_text() == 'project = "TWO"\n'
    assert current() == "TWO"
    assert current(PASO_PROJECT="ONE") == "ONE"
    assert current("--project", "SIX", PASO_PROJECT="ONE") == "SIX"
    assert current(PASO_PROJECT="NONE") == "not_found"


def test_a_folder_file_with_other_settings_is_left_alone(paso: Cli) -> None:
    file = paso.folder / ".paso.toml"
    file.write_text("# mine\nproject = 'PASO'\n")
    assert paso.fail(5, "project", "use", "PASO", "--here")
    assert file.read_text().startswith("# mine")


def test_the_tree_shows_tasks_below_their_parents(paso: Cli) -> None:
    assert paso.json("project", "tree")["tasks"] == []
    paso("add", "root")
    paso("add", "child", "--parent", "1")
    paso("add", "grandchild", "--parent", "2")
    paso("add", "other")
    tree = paso.json("project", "tree")
    assert tree["project"]["key"] == "PASO"
    assert [task["number"] for task in tree["tasks"]] == [1, 4]
    child = tree["tasks"][0]["tasks"][0]
    assert (child["number"], child["tasks"][0]["number"]) == (2, 3)
    lines = paso("project", "tree").out.splitlines()
    assert lines[1].startswith("├─ PASO-1")
    assert lines[2].startswith("│  └─ PASO-2")
    assert lines[3].startswith("│     └─ PASO-3")
    assert lines[4].startswith("└─ PASO-4")
    assert paso("project", "tree", "--quiet").out.split() == [
        "PASO-1", "PASO-2", "PASO-3", "PASO-4"]  # fmt: skip


def test_a_project_is_exported_and_imported(paso: Cli) -> None:
    paso("add", "travels")
    document = paso("project", "export", "json", "PASO").out
    paso("project", "delete", "PASO", "--yes", "--force")
    report = paso.json("project", "import", "-", stdin=document)
    assert report == {"projects": ["PASO"], "tasks": 1, "skipped": []}
    assert paso.json("list")[0]["title"] == "travels"
    assert "travels" in paso("project", "export", "markdown").out


def test_a_miss_says_what_named_the_project(paso: Cli) -> None:
    paso("add", "one")
    (paso.folder / ".paso.toml").write_text('project = "GONE"')
    error = paso.fail(3, "list")
    assert error["hint"] == f"{paso.folder / '.paso.toml'} names it"
    assert error["candidates"] == ["PASO My board"]
    found = paso("list", "--json", PASO_PROJECT="NONE")
    assert found.error["hint"] == "PASO_PROJECT names it"
    assert paso("list", "--project", "PASO").code == 0


def test_archived_projects_are_named_where_none_is_left(paso: Cli) -> None:
    paso("add", "one")
    paso("project", "archive", "PASO")
    error = paso.fail(2, "list")
    assert error["message"] == "every project is archived"
    assert error["candidates"] == ["PASO My board"]
