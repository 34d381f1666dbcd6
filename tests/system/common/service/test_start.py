"""Tables of a service that do not fit together end its start with a message that names them."""
import time


def test_statuses_that_differ_between_flow_constraint_and_event_schema_end_the_start(shop):
    shop.stop("catalog")
    allow = ("alter table product drop constraint product_status, "
             "add constraint product_status check (status = any ('{%s}'))")
    shop.sql("catalog", allow % "draft,submitted,published")
    shop.stopped_by_us.add("catalog-0")
    shop.start("catalog", wait=False)
    end = time.monotonic() + 20
    while shop.instances["catalog"][0].alive() and time.monotonic() < end:
        time.sleep(0.05)
    assert not shop.instances["catalog"][0].alive()
    line, = [each for each in shop.log("catalog") if each["event"] == "start.statuses_differ"]
    assert "product: the flow has" in str(line) and "product has draft|published|submitted" in str(line)
    shop.sql("catalog", allow % "draft,submitted,approved,rejected,published,delisted")
    shop.start("catalog")
    assert shop.catalog.get("/v1/products").status == 200
