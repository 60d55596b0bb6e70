# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the whole: labels regress (repro/, corpus/, hashes, memory, bad input),
# smoke (each fuzz target, the canary), oss (fuzzing services) and style. Unit tests: tests.cmake.
set(in_tests "${CMAKE_SOURCE_DIR}/fuzz/test")

# regress_test(NAME LABEL SECONDS COMMAND...), run in the source folder. What may take the
# longest starts first (COST), so that it does not stand alone at the end. LABEL may be a
# list: what scripts/check.sh --fast leaves out has the label long as well.
function(regress_test name label timeout)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${label}" SKIP_RETURN_CODE 77 TIMEOUT ${timeout}
    COST ${timeout})
endfunction()

# How many schedules a program gets where one isn't enough: TSan is slow.
set(schedules 100)
set(schedules_few 50)
if(NOT SWAPRACE_SANITIZER STREQUAL "none")
  set(schedules_few 5)
endif()

# ---- regress: programs ----
file(GLOB repro_programs CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/repro/*.prog")
file(GLOB corpus_programs CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}"
  "${CMAKE_SOURCE_DIR}/corpus/*/*.prog")
if(TARGET swaprace AND NOT SWAPRACE_FINE)
  regress_test(repro/with-the-bug regress 600
    swaprace run --check --quiet --schedules=${schedules} ${repro_programs})
  regress_test(repro/without-a-bug regress 600
    swaprace run --check --quiet --schedules=${schedules} --bug=none ${repro_programs})
  regress_test(repro/every-bug-has-one regress 60
    Python3::Interpreter "${in_tests}/test_catalogue.py" $<TARGET_FILE:swaprace>)
  regress_test(corpus/as-written regress 600 swaprace run --check --quiet ${corpus_programs})
  regress_test(corpus/random regress 600
    swaprace run --check --quiet --edges=may --policy=random --schedules=${schedules_few}
    ${corpus_programs})
  regress_test(corpus/pct regress 600
    swaprace run --check --quiet --edges=may --policy=pct --schedules=${schedules_few}
    ${corpus_programs})
  regress_test(determinism/hashes regress 600
    Python3::Interpreter "${in_tests}/test_hashes.py" $<TARGET_FILE:swaprace>
    "${CMAKE_BINARY_DIR}/hashes" 5)
  regress_test(determinism/compare regress 60
    Python3::Interpreter "${in_tests}/test_compare_hashes.py")
  regress_test(memory/flat regress 900
    Python3::Interpreter "${in_tests}/test_memory.py" $<TARGET_FILE:swaprace>
    corpus/swapoff/one-page.prog)
  regress_test(tools/edges regress 300
    Python3::Interpreter "${in_tests}/test_run_edges.py" $<TARGET_FILE:swaprace>)
  regress_test(tools/results regress 300
    Python3::Interpreter "${in_tests}/test_run_results.py" $<TARGET_FILE:swaprace>)
  regress_test(tools/search regress 300
    Python3::Interpreter "${in_tests}/test_search.py" $<TARGET_FILE:swaprace>)
  regress_test(tools/stacks regress 300
    Python3::Interpreter "${in_tests}/test_stacks.py" $<TARGET_FILE:swaprace>)
  regress_test(tools/minimize regress 600
    Python3::Interpreter "${in_tests}/test_minimize.py" $<TARGET_FILE:swaprace>)
  regress_test(tools/bad-input regress 300
    Python3::Interpreter "${in_tests}/test_bad_input.py" $<TARGET_FILE:swaprace>
    corpus/swap/sync-round-trip.prog)
endif()

# ---- regress: planted faults ----
# planted.c holds the race, so it is built as the model is; its tests are unit
# tests of fuzz/test otherwise.
set_source_files_properties("${in_tests}/planted.c" PROPERTIES COMPILE_OPTIONS "${san_model}")
foreach(name test_planted_race test_planted_sanitizers test_deadlocks)
  if(TARGET ${name})
    target_sources(${name} PRIVATE "${in_tests}/planted.c")
    set_tests_properties(fuzz/${name} PROPERTIES LABELS regress)
  endif()
endforeach()

# ---- AFL++ ----
if(TARGET test_afl_mutator)
  target_sources(test_afl_mutator PRIVATE "${CMAKE_SOURCE_DIR}/fuzz/targets/afl_mutator.c"
    "${CMAKE_SOURCE_DIR}/fuzz/targets/mutate.c")
endif()
if(TARGET mm_fuzzer AND SWAPRACE_SANITIZER STREQUAL "none")
  regress_test(afl/finds-and-replays "regress;long" 900
    Python3::Interpreter "${in_tests}/test_afl.py" "${CMAKE_BINARY_DIR}")
  set_tests_properties(afl/finds-and-replays PROPERTIES PROCESSORS 2)
endif()

# ---- smoke: the fuzz targets ----
foreach(name ${corpus_targets})
  if(TARGET ${name}_fuzzer)
    regress_test(smoke/${name}-seeds smoke 300
      ${name}_fuzzer -runs=0 "${CMAKE_BINARY_DIR}/corpus/${name}")
    regress_test(smoke/${name}-fresh smoke 600 ${name}_fuzzer -runs=2000 -seed=1 -max_len=4096
      -artifact_prefix=${CMAKE_BINARY_DIR}/${name}-)
  endif()
endforeach()
if(TARGET canary_fuzzer)
  regress_test(smoke/canary-must-fail smoke 600
    Python3::Interpreter "${in_tests}/test_canary.py" $<TARGET_FILE:canary_fuzzer>)
endif()

# ---- oss: what fuzzing services build ----
if(TARGET mm_fuzzer AND SWAPRACE_SANITIZER STREQUAL "none")
  regress_test(oss/fuzz oss 900 Python3::Interpreter "${in_tests}/test_oss_fuzz.py" "${CMAKE_C_COMPILER}")
  set_tests_properties(oss/fuzz PROPERTIES PROCESSORS 2)
endif()

# ---- smoke: real threads ----
if(TARGET swaprace AND NOT SWAPRACE_FINE)
  regress_test(smoke/native-search smoke 300 swaprace search --backend=native --time=5)
  regress_test(smoke/native-corpus smoke 300
    swaprace run --quiet --backend=native --schedules=${schedules_few} --bug=none ${corpus_programs})
endif()

# ---- style ----
find_program(SHELLCHECK shellcheck)
regress_test(style/layers style 300 Python3::Interpreter scripts/layers.py --headers
  "--symbols=${CMAKE_BINARY_DIR}")
regress_test(style/source style 60 Python3::Interpreter scripts/style.py)
if(SHELLCHECK)
  file(GLOB shell_scripts CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/scripts/*.sh"
    "${CMAKE_SOURCE_DIR}/fuzz/kernel/test/*.sh" "${CMAKE_SOURCE_DIR}/scripts/vm/test/*.sh"
    "${CMAKE_SOURCE_DIR}/scripts/vm/init" "${CMAKE_SOURCE_DIR}/scripts/service/test/boot_init"
    "${CMAKE_SOURCE_DIR}/scripts/service/test/boot_judge.sh")
  regress_test(style/shell style 60 "${SHELLCHECK}" ${shell_scripts} .ci/run .clusterfuzzlite/build.sh)
endif()
