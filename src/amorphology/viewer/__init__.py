"""One self-contained HTML page: a persistence diagram beside the structure it was made of."""

from amorphology.viewer.page import Viewer, page_html, write_page

__all__ = ["Viewer", "page_html", "write_page"]
