"""What surrounds the five services on one machine: PostgreSQL, nats-server, the gateway, the processes.

Used by tools/up and tools/down for people and by tests/harness/harness.py for the tests.
"""
