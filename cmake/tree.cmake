# SPDX-License-Identifier: GPL-2.0-or-later
# Tests of the build of kernel trees that need no tree. Those that run one are
# scripts/check_tree.sh's.
add_test(NAME tree/edit COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/scripts/tree/test/test_edit.py"
  WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
set_tests_properties(tree/edit PROPERTIES LABELS unit)
