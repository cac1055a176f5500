"""A plan sees what its earlier changes would leave: it foretells for a whole list just what applying it then does."""
import os

import pytest

from holdfast_host import Blob, Refused, files
from modules.directory import Directory
from modules.file import File
from modules.line import Line
from modules.link import Link


@pytest.fixture(autouse=True)
def nothing_planned():
    yield
    files.look_away()


def planned(resources):
    """Fields of all changes, each looked at with those before it laid over the host."""
    found = []
    for resource in resources:
        change = resource.diff(resource.observe())
        if change is not None:
            files.plan_ahead(change.files)
        found.append(change and (change.action, change.fields))
    files.look_away()
    return found


def applied(resources):
    found = []
    for resource in resources:
        change = resource.diff(resource.observe())
        if change is not None:
            resource.converge(change)
            assert resource.diff(resource.observe()) is None
        found.append(change and (change.action, change.fields))
    return found


LISTS = {
    "a directory, then a file in it": lambda top: [
        Directory(path=top + "/d", mode="0750"), File(path=top + "/d/f", content="a")],
    "a file, then lines in it": lambda top: [
        File(path=top + "/f", content="a\n"), Line(path=top + "/f", text="b"), Line(path=top + "/f", text="c"),
        Line(path=top + "/f", text="b", state="absent")],
    "lines in a file that is there": lambda top: [
        Line(path=top + "/there", text="b"), Line(path=top + "/there", text="c", before="^b")],
    "a file through a planned link": lambda top: [
        Directory(path=top + "/releases/1"), Link(path=top + "/current", to="releases/1"),
        File(path=top + "/current/f", content="a"), File(path=top + "/releases/1/f", content="a"),
        Line(path=top + "/current/f", text="b")],
    "a file through a link that is there": lambda top: [
        File(path=top + "/linked/f", content="a"), File(path=top + "/full/f", content="a")],
    "a link to a file, followed": lambda top: [
        File(path=top + "/f", content="a"), Link(path=top + "/l", to="f"), Line(path=top + "/l", text="b"),
        File(path=top + "/f", content="a\nb\n")],
    "a link that leads elsewhere": lambda top: [
        Directory(path=top + "/other"), Link(path=top + "/linked", to="other"),
        File(path=top + "/linked/x", state="absent"),
        File(path=top + "/linked/f", content="a")],
    "a full directory goes, another comes": lambda top: [
        Directory(path=top + "/full", state="absent", force=True), File(path=top + "/full/x", state="absent"),
        Directory(path=top + "/full"), File(path=top + "/full/x", content="new")],
    "a directory of planned files goes": lambda top: [
        Directory(path=top + "/d"), File(path=top + "/d/f", content="a"),
        Directory(path=top + "/d", state="absent", force=True), Directory(path=top + "/d", state="absent")],
    "a directory of planned files goes and comes again empty": lambda top: [
        Directory(path=top + "/d"), File(path=top + "/d/f", content="a"),
        Directory(path=top + "/d", state="absent", force=True), Directory(path=top + "/d"),
        File(path=top + "/d/f", content="a")],
    "a link changes after something was looked at through it": lambda top: [
        Directory(path=top + "/other"), File(path=top + "/linked/x", content="y"),
        Link(path=top + "/linked", to="other"), File(path=top + "/linked/x", content="z")],
    "a directory comes where a removed one held a link": lambda top: [
        Directory(path=top + "/full", state="absent", force=True), Directory(path=top + "/full"),
        File(path=top + "/full/out/there", state="absent"), Directory(path=top + "/full/out"),
        File(path=top + "/full/out/there", content="new")],
    "a directory in the place of a link to one": lambda top: [
        Directory(path=top + "/linked", force=True), File(path=top + "/linked/x", content="a")],
    "a file in the place of an emptied directory": lambda top: [
        File(path=top + "/full/x", state="absent"), Link(path=top + "/full/out", state="absent"),
        File(path=top + "/full", content="a", force=True)],
    "modes in a tree that is planned": lambda top: [
        Directory(path=top + "/d"), File(path=top + "/d/f", source=Blob.of(b"a"), mode="0600"),
        Directory(path=top + "/d", recurse=True, file_mode="0640"), File(path=top + "/d/f", content="a")],
    "a mode, then content that is there": lambda top: [
        File(path=top + "/there", mode="0600"), File(path=top + "/there", content="a\n"),
        Line(path=top + "/there", text="b")],
    "a file goes, a line makes it anew": lambda top: [
        File(path=top + "/there", state="absent"), Line(path=top + "/there", text="b", create=True)],
    "parents that are made on the way": lambda top: [
        Directory(path=top + "/a/b/c"), File(path=top + "/a/f", content="x"), Directory(path=top + "/a/b")],
    "a backup, then the backup itself": lambda top: [
        File(path=top + "/there", content="b", backup=True), File(path=top + "/there.87428fc5~", content="a\n")],
}


@pytest.mark.parametrize("name", LISTS)
def test_the_plan_foretells_what_applying_does(tmp_path, name):
    (tmp_path / "there").write_bytes(b"a\n")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_bytes(b"x")
    (tmp_path / "full/out").symlink_to("..")
    (tmp_path / "linked").symlink_to("full")
    resources = LISTS[name](str(tmp_path))
    before = sorted(os.walk(tmp_path))
    foretold = planned(resources)
    assert sorted(os.walk(tmp_path)) == before, "a plan writes nothing"
    assert foretold == applied(resources)
    assert any(foretold)


def test_a_directory_that_nobody_makes_is_refused_and_one_that_is_planned_is_not(tmp_path):
    top = str(tmp_path)
    with pytest.raises(Refused, match="declare `directory: "):
        planned([File(path=top + "/d/f", content="a")])
    files.look_away()
    assert planned([Directory(path=top + "/d"), File(path=top + "/d/f", content="a")])[1][0] == "create"


def test_links_that_go_round_are_told(tmp_path):
    from holdfast_host import Failed

    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(Failed, match="circle"):
        files.real(str(tmp_path / "a"))
    files.plan_ahead({str(tmp_path / "b"): None})
    assert files.real(str(tmp_path / "a/x")) == str(tmp_path / "b/x")
