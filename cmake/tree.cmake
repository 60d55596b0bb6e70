# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel trees: what needs no tree, and (label tree) a tree's own code, which takes some
# minutes and skips where no source of a kernel can be had.
foreach(name edit build patched)
  add_test(NAME tree/${name} COMMAND Python3::Interpreter
    "${CMAKE_SOURCE_DIR}/scripts/tree/test/test_${name}.py" WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(tree/${name} PROPERTIES LABELS unit)
endforeach()
if(TARGET swaprace AND SWAPRACE_SANITIZER STREQUAL "none" AND NOT SWAPRACE_FINE)
  add_test(NAME tree/debian COMMAND "${CMAKE_SOURCE_DIR}/scripts/check_tree.sh" $<TARGET_FILE:swaprace>
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(tree/debian PROPERTIES LABELS tree SKIP_RETURN_CODE 77 TIMEOUT 1500 PROCESSORS 2)
endif()
