# SPDX-License-Identifier: GPL-2.0-or-later
# Finds the compiler before project(): clang-19 or newer (what libFuzzer and
# ThreadSanitizer need here), unless the caller named one (CC, CMAKE_C_COMPILER).
if(NOT CMAKE_C_COMPILER AND NOT DEFINED ENV{CC})
  find_program(SWAPRACE_CLANG NAMES clang-19 clang-20 clang-21 clang-22 clang)
  if(SWAPRACE_CLANG)
    set(CMAKE_C_COMPILER "${SWAPRACE_CLANG}")
  endif()
endif()
