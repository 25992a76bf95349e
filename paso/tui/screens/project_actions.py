"""What the keys of the board do with projects and their labels.

Never: know a rule of the board; the commands do.
"""

from __future__ import annotations

from paso.commands import projects
from paso.errors import PasoError
from paso.model import Project
from paso.text import escape
from paso.tui.screens.board_base import BoardBase
from paso.tui.step import Step


class ProjectActions(BoardBase):
    """Switch, add, edit and delete projects."""

    def action_project(self, step: int) -> None:
        tabs, current = self.state.projects, self.state.project
        ids = [project.id for project in tabs]
        if current is None or current.id not in ids or len(ids) < 2:
            self.say("there is no other project: press P to make one", "warning")
            return
        self.show_project(ids[(ids.index(current.id) + step) % len(ids)])

    def show_project(self, project_id: int) -> None:
        """Show another project, and remember it as the last used."""
        try:
            self.paso.data.open_project(project_id)
        except PasoError as error:
            self.paso.say_error(error)
            return
        assert self.bar is not None
        self.bar.show_filter("")
        self.show_board()
        self.paso.write(lambda: Step(projects.use_project, (project_id,)))

    def action_add_project(self) -> None:
        from paso.tui.screens.forms import ProjectForm

        self.app.push_screen(ProjectForm.new(self.paso), self._after_add_project)

    def _after_add_project(self, project: Project | None) -> None:
        if project is not None:
            self.show_project(project.id)
            self.say(f"added project {project.key}")

    def action_edit_project(self) -> None:
        project = self.state.project
        if project is not None:
            from paso.tui.screens.forms import ProjectForm

            self.app.push_screen(ProjectForm.of(self.paso, project))

    def action_delete_project(self) -> None:
        project = self.state.project
        if project is None:
            return
        from paso.tui.screens.confirm import Confirm

        def decide(yes: bool | None) -> None:
            if yes:
                options = {"force": True}
                step = Step(projects.delete_project, (project.id,), options)
                done = f"deleted project {project.key}, u brings it back"
                self.paso.write(lambda: step, lambda _: self.say(done))

        cards = len(self.state.cards)
        question = f"Delete the project {project.key} {escape(project.name)}?"
        text = f"with {cards} cards and {len(self.state.columns)} columns"
        self.app.push_screen(Confirm(question, text, "y", "delete it"), decide)

    def action_edit_labels(self) -> None:
        if self.state.project is not None:
            from paso.tui.screens.label_list import LabelList

            self.app.push_screen(LabelList(self.paso))
