"""Streams as a test or an operator creates them."""

STREAM = {"retention": "limits", "storage": "file", "discard": "new", "num_replicas": 1, "max_consumers": -1, "max_msgs": -1,
          "max_bytes": -1, "max_age": 0, "max_msg_size": -1}
NAME_IN_USE = 10058         # the stream exists with another configuration: that of its service


def create_stream(nats, service):
    """The stream of a service that does not run; nothing happens to one that exists."""
    made = nats.request(f"$JS.API.STREAM.CREATE.{service.upper()}", {**STREAM, "name": service.upper(), "subjects": [f"{service}.>"]})
    assert "error" not in made or made["error"]["err_code"] == NAME_IN_USE, made


def alarms(shop):
    return shop.metric("catalog", "backroom_stream_alarms_total") or 0


def unpublished(shop):
    return shop.value("catalog", "select count(*) from event where seq is null")


def stream_like(shop, **more):
    """Recreate catalog's stream with other settings, as an operator might."""
    shop.nats.request("$JS.API.STREAM.DELETE.CATALOG")
    made = shop.nats.request("$JS.API.STREAM.CREATE.CATALOG", {
        "name": "CATALOG", "subjects": ["catalog.>"], "storage": "file", "num_replicas": 1, "retention": "limits",
        "discard": "new", "max_consumers": -1, "max_msgs": -1, "max_bytes": 1 << 30, "max_age": 0,       # as in the settings, or it is updated
        "duplicate_window": 10**9, **more})
    assert "error" not in made, made
