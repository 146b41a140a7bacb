"""Conversions as advertising platforms take them: conversations with their servers, and files for their pages."""
