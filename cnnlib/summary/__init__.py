"""The layer-by-layer table of any ``nn.Module``: shapes, parameters, MACs, memory."""

from .measure import summarize
from .table import Row, Summary

__all__ = ["Row", "Summary", "summarize"]
