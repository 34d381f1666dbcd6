-- Nobody asks for it any more, nor did the version before, and it was computed with every change of an order.
alter table orders drop column ready;

-- What no list filters or sorts by, or is unique by an index, need not be analyzed (common 0008).
alter table orders alter id set statistics 0, alter number set statistics 0, alter intake set statistics 0,
    alter channel_ref set statistics 0, alter allocation set statistics 0, alter personal set statistics 0,
    alter cancel_reason set statistics 0, alter flags set statistics 0;
