# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of fuzz/kernel: units everywhere; the comparison with the running kernel
# skips (77) where it may not. Those that change the machine run one at a time.
swaprace_tests(fuzz/kernel outside kernel world)
add_test(NAME fuzz/kernel/drift COMMAND "${CMAKE_SOURCE_DIR}/fuzz/kernel/test/drift.sh"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
set_tests_properties(fuzz/kernel/drift PROPERTIES LABELS kernel)
if(TARGET swaprace AND SWAPRACE_SANITIZER STREQUAL "none" AND NOT SWAPRACE_FINE)
  foreach(name compare no_zero_page killed export_all delays)
    add_test(NAME fuzz/kernel/${name}
      COMMAND "${CMAKE_SOURCE_DIR}/fuzz/kernel/test/${name}.sh" $<TARGET_FILE:swaprace>
      WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(fuzz/kernel/${name} PROPERTIES LABELS kernel SKIP_RETURN_CODE 77
      TIMEOUT 300 COST 1000 RESOURCE_LOCK machine_swap)
  endforeach()
endif()
