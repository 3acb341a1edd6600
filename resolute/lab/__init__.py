"""The lab: a model organism small enough to be pretrained, tuned and attacked on a laptop (see ``docs/lab.md``)."""
