# The front door. Each target is one short script; read it to see what it does.
.PHONY: up test check bench fuzz dist web help

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s %s\n", $$1, $$2 }' Makefile

up: ## build and start Diwan on http://localhost:7400 (more flags: make up ARGS="--listen 127.0.0.1:7500")
	@bash scripts/up $(ARGS)

test: ## run every test: both databases, the browser, the real binary
	@bash scripts/test $(ARGS)

check: ## format, lints, types, licences, generated files, documents
	@bash scripts/check

bench: ## measure, against a bare server in the same run
	@bash scripts/bench $(ARGS)

fuzz: ## send generated requests to every operation of the API
	@bash scripts/fuzz $(ARGS)

dist: ## build what is shipped, with a software bill of materials
	@bash scripts/dist

web: ## build the dashboard if its sources changed
	@bash scripts/web
