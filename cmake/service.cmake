# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of what goes on after a report (fuzz/targets/record.h) in each build, and of the
# round-the-clock service (scripts/service) in the build without a sanitizer.
set(in_service "${CMAKE_SOURCE_DIR}/scripts/service/test")

if(TARGET mm_fuzzer)
  regress_test(service/record regress 300 Python3::Interpreter "${in_tests}/test_record.py"
    $<TARGET_FILE:mm_fuzzer> $<TARGET_FILE:swaprace>)
  regress_test(service/after-a-report "regress;long" 900 Python3::Interpreter
    "${in_tests}/test_after_report.py" $<TARGET_FILE:swaprace> 1)
endif()
if(TARGET mm_fuzzer AND SWAPRACE_SANITIZER STREQUAL "none")
  regress_test(service/parts unit 120 Python3::Interpreter "${in_service}/test_parts.py")
  regress_test(service/runs regress 900 Python3::Interpreter "${in_service}/test_runs.py")
  regress_test(service/triage regress 600 Python3::Interpreter "${in_service}/test_triage.py"
    "${CMAKE_BINARY_DIR}")
  regress_test(service/dashboard regress 600 Python3::Interpreter "${in_service}/test_dashboard.py")
  regress_test(service/follow "regress;long" 1200 Python3::Interpreter "${in_service}/test_follow.py")
  regress_test(service/systemd-unit regress 120 Python3::Interpreter "${in_service}/test_unit.py")
  # ci.sh takes the builds where the presets put them.
  if(CMAKE_BINARY_DIR STREQUAL "${CMAKE_SOURCE_DIR}/build/release")
    regress_test(service/ci "regress;long" 300 Python3::Interpreter "${in_service}/test_ci.py")
  endif()
  regress_test(service/torture "regress;long" 600 Python3::Interpreter "${in_service}/torture.py"
    "${CMAKE_BINARY_DIR}" --seconds=25)
endif()
