"""The site of these pages and of the docstrings; ``make docs`` builds it, and a warning ends the build."""

from importlib.metadata import version as installed

project = "fatnn-bench"
author = "The fatnn-bench developers"
version = release = installed("fatnn-bench")

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build"]

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types with shapes and units
python_maximum_signature_line_length = 100
numpydoc_show_class_members = False
numpydoc_validation_checks = {"PR01", "PR02", "PR03", "PR10", "RT01", "RT03", "YD01"}  # what goes in and comes out
numpydoc_validation_exclude = {r"\.[A-Z]\w+(\.|$)"}  # a class says it field by field

html_theme = "furo"
html_title = "fatnn-bench"
html_copy_source = False
html_static_path = ["site.css"]
html_css_files = ["site.css"]
