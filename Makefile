# Codec Lab. `make run` and `make test` do all of their own set-up on a fresh machine.

# Options of `make run`; an empty one takes the default of `lab run`.
EXPERIMENTS ?= 3
SERVE ?= 1
CLIPS ?=
FRAMES ?=
SEED ?=
MIND ?=
CAMPAIGN ?=
GOAL ?=
BUDGET_USD ?=
DAILY_BUDGET_USD ?=
WALL_TIME_LIMIT_S ?=
TARGET_BD_RATE_PERCENT ?=
PORT ?=
WAIT_SCALE ?=

BIN := .venv/bin
OFF := 0 no false off

# $(call quoted,NAME): the variable's value as one word of the shell, whatever is in it.
quoted = '$(subst ','\'',$(value $(1)))'
# $(call option,--flag,NAME): the flag with that value, unless it is empty.
option = $(if $(value $(2)),$(1) $(call quoted,$(2)))

RUN_OPTIONS = $(call option,--experiments,EXPERIMENTS) \
	$(if $(filter $(OFF),$(SERVE)),--no-serve) \
	$(call option,--clips,CLIPS) \
	$(call option,--frames,FRAMES) \
	$(call option,--seed,SEED) \
	$(call option,--mind,MIND) \
	$(call option,--campaign,CAMPAIGN) \
	$(call option,--goal,GOAL) \
	$(call option,--budget-usd,BUDGET_USD) \
	$(call option,--daily-budget-usd,DAILY_BUDGET_USD) \
	$(call option,--wall-time-limit-s,WALL_TIME_LIMIT_S) \
	$(call option,--target-bd-rate-percent,TARGET_BD_RATE_PERCENT) \
	$(call option,--port,PORT) \
	$(call option,--wait-scale,WAIT_SCALE)

DASHBOARD := dashboard/index.html dashboard/vite.config.ts \
	$(shell find dashboard/src dashboard/public -type f)

.PHONY: run test check setup synth client-types requirements clean

run: setup
	@$(BIN)/lab run $(RUN_OPTIONS)

test: setup
	@tools/setup.sh chromium
	$(BIN)/python -m pytest -q

check: setup synth
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm run --silent check --workspaces
	$(BIN)/cfn-lint --ignore-checks W3005 --template cdk.out/*.template.json

synth: setup
	PATH="$(CURDIR)/$(BIN):$$PATH" node_modules/.bin/cdk synth --quiet

setup: .venv/.installed node_modules/.installed .venv/.warmed dashboard/dist/index.html

.venv/.installed: requirements.txt pyproject.toml
	@tools/setup.sh python

.venv/.warmed: .venv/.installed $(wildcard codec_worker/toolbox/*.py)
	@tools/setup.sh kernels

node_modules/.installed: package.json package-lock.json dashboard/package.json
	@tools/setup.sh node

dashboard/dist/index.html: node_modules/.installed $(DASHBOARD)
	@tools/setup.sh dashboard

client-types: node_modules/.installed
	npm run --silent types --workspace tools/client_types

requirements: .venv/.installed
	$(BIN)/uv pip compile --quiet --all-extras --no-header --no-annotate --no-emit-index-url \
		--python-version 3.11 pyproject.toml -o requirements.txt

clean:
	rm -rf .venv node_modules dashboard/dist cdk.out build *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
