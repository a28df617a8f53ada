"""Kinds of Sources that take more than one look: lists that lead to Articles, APIs of CMSs, and what CMSs push.

When a Source is looked at, and what a failure costs, is the verb's (`ingest`).
"""
