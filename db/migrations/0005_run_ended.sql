-- Expands only: what runs ended lately is read at every scrape of the metrics.
create index run_ended_at on run (ended_at) where ended_at is not null;
