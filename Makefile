# A thin front: every target is `cargo xtask NAME`, where the work is described and done.
# Further words go through ARGS, as in `make bench ARGS="capture --store sqlite"`.

.PHONY: help run test bench prove tidy

help:
	@cargo xtask help

run test bench prove tidy:
	@cargo xtask $@ $(ARGS)
