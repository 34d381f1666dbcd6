-- What nobody asks the archive for need not be analyzed while it grows (common 0008).
alter table archive alter no set statistics 20, alter id set statistics 0, alter type set statistics 20, alter aggregate set statistics 20,
    alter aggregate_id set statistics 20, alter version set statistics 20, alter at set statistics 20, alter country set statistics 0,
    alter data set statistics 0;
