"""The services, their names and their ports."""
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SERVICES = ("catalog", "orders", "fulfillment", "support", "analytics")

GATEWAY_PORT = 8080
POSTGRES_PORT = 15432
NATS_PORT = 14222
NATS_MONITOR_PORT = 18222

DATABASE = "backroom"

# Settings of `make up` that are passed to every service.
SETTINGS_OF_SERVICES = ("SHOP_TIME_ZONE", "SHOP_CURRENCY", "POOL_SIZE", "CONNECTIONS", "CONNECTIONS_PER_ADDRESS",
                        "STREAM_MAX_MEGABYTES", "STREAM_REPLICAS")
SUFFIXES_OF_TIMES = ("_SECONDS", "_MS")


def port(service, instance=0, gateway_port=GATEWAY_PORT):
    """catalog 8081 … analytics 8085; the second instance of each ten higher, and so on."""
    return gateway_port + 1 + SERVICES.index(service) + 10 * instance


def ops_port(service, instance=0, gateway_port=GATEWAY_PORT):
    return port(service, instance, gateway_port) + 1000


def binary(service, build="build"):
    return ROOT / build / "bin" / f"backroom-{service}"


def settings(environ):
    """The settings for the services in an environment."""
    return {name: value for name, value in environ.items()
            if name in SETTINGS_OF_SERVICES or name.endswith(SUFFIXES_OF_TIMES)}
