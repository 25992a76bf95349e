"""Benchmarks: each figure of Paso beside the same figure of its peers.

Never: be imported by paso or paso_daemon; touch a home other than a temporary one.
"""
