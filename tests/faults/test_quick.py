"""The part of the fault tests that `make test` runs: a fixed seed, short faults, one shop."""
import pytest

import faults
from run import run

QUICK = (faults.services_killed, faults.postgres_stopped_immediately, faults.ended_in_commit, faults.wiped_while_stopped, faults.republished)


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.__name__)
def test_nothing_is_lost_or_doubled_by(fault_shop, chance, table, fault):
    run(fault_shop(), chance, table, fault.__name__, fault, 0.7, 0.5)
