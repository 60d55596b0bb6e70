# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels in virtual machines: what needs none, and (label vm) real boots, which take some
# minutes and skip where no qemu or no kernel image can be had.
add_test(NAME vm/parts COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/scripts/vm/test/test_parts.py"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
add_test(NAME vm/holds COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/scripts/vm/test/test_holds.py"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
add_test(NAME vm/build COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/scripts/vm/test/test_build.py"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
add_test(NAME vm/mail COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/scripts/vm/test/test_mail.py"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
set_tests_properties(vm/parts vm/holds vm/build vm/mail PROPERTIES LABELS unit)
if(TARGET swaprace AND SWAPRACE_SANITIZER STREQUAL "none" AND NOT SWAPRACE_FINE)
  add_test(NAME vm/boots COMMAND "${CMAKE_SOURCE_DIR}/scripts/vm/test/boots.sh" $<TARGET_FILE:swaprace>
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(vm/boots PROPERTIES LABELS vm SKIP_RETURN_CODE 77 TIMEOUT 1200)
endif()
