"""The reading room: what a person sees of the drafts, on the own machine only."""

from radgloss.room.app import create_app, serve

__all__ = ["create_app", "serve"]
