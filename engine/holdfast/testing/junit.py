"""Results as JUnit's XML, which CI systems read."""
from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from holdfast.testing.model import CaseResult

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(results: Sequence[CaseResult], path: str | Path) -> None:
    """One test suite a test, one test case a step. Raises OSError."""
    root = ElementTree.Element("testsuites")
    for tested in results:
        outcomes = [step.outcome for step in tested.steps]
        suite = ElementTree.SubElement(root, "testsuite", {
            "name": tested.test, "tests": str(len(outcomes)), "failures": str(outcomes.count("failed")), "errors": "0",
            "skipped": str(outcomes.count("skipped")), "time": f"{sum(step.seconds for step in tested.steps):.3f}"})
        for step in tested.steps:
            case = ElementTree.SubElement(suite, "testcase", {
                "classname": tested.test, "name": step.name, "time": f"{step.seconds:.3f}"})
            text = _NO_XML.sub("\ufffd", "\n".join(step.details))
            if step.outcome == "failed":
                ElementTree.SubElement(case, "failure", {"message": text.partition("\n")[0]}).text = text
            elif step.outcome == "skipped":
                ElementTree.SubElement(case, "skipped", {"message": text})
            elif text:
                ElementTree.SubElement(case, "system-out").text = text
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
