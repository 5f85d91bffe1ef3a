"""A self-contained page about one evaluation."""

from reid_eval.report.page import write_report

__all__ = ["write_report"]
