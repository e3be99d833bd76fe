"""The layer-by-layer table of any ``nn.Module``: shapes, parameters, MACs, memory."""

from .field import Field
from .measure import summarize
from .table import Row, Summary

__all__ = ["Field", "Row", "Summary", "summarize"]
