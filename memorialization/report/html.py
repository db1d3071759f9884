"""Shows a report as one HTML page without outside assets; every value is escaped by the template engine."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from memorialization.report.model import Report


def render(report: Report) -> str:
    """The page as text; deterministic for a given report."""
    environment = Environment(
        loader=PackageLoader("memorialization.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("report.html").render(report=report)
