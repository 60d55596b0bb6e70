# SPDX-License-Identifier: GPL-2.0-or-later
# The libFuzzer targets (<name>_fuzzer, one source each in fuzz/targets) and the
# command `swaprace` (fuzz/tools/*.c), at the top of the build folder.

# ---- libFuzzer targets ----
# The model's libraries are those with coverage, the others the plain ones; in one
# link group, because they call each other both ways.
function(swaprace_fuzzer name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE ${san_outside} -fsanitize=fuzzer-no-link)
  set(libs "")
  foreach(module exec oracle sched prog world check engine lockdep base)
    list(APPEND libs $<TARGET_FILE:${module}>)
    add_dependencies(${name} ${module})
  endforeach()
  foreach(module mm swap page kapi)
    list(APPEND libs $<TARGET_FILE:${module}_cov>)
    add_dependencies(${name} ${module}_cov)
  endforeach()
  target_link_libraries(${name} PRIVATE -Wl,--start-group ${libs} -Wl,--end-group
    urcu Threads::Threads ${CMAKE_DL_LIBS})
  swaprace_fuzzing_engine(${name})
endfunction()

# A fuzzing service's engine is C++; so CXX and CXXFLAGS link there.
if(SWAPRACE_FUZZING_ENGINE)
  enable_language(CXX)
endif()
function(swaprace_fuzzing_engine name)
  if(SWAPRACE_FUZZING_ENGINE)
    target_link_libraries(${name} PRIVATE "${SWAPRACE_FUZZING_ENGINE}")
    set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  else()
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()

set(targets "${CMAKE_SOURCE_DIR}/fuzz/targets")
if(SWAPRACE_FUZZERS AND NOT SWAPRACE_FINE AND TARGET check AND TARGET mm AND TARGET exec)
  add_library(targets_shared OBJECT ${targets}/libfuzzer.c ${targets}/mutate.c ${targets}/target.c
    ${targets}/fail.c ${targets}/record.c)
  target_compile_options(targets_shared PRIVATE ${san_outside} -fsanitize=fuzzer-no-link)
  foreach(name mm swap swapoff ksm hibernate reclaim canary)
    swaprace_fuzzer(${name}_fuzzer ${targets}/${name}_fuzzer.c $<TARGET_OBJECTS:targets_shared>)
  endforeach()
  # For the executable of each kernel tree (scripts/tree.py build --fuzzers).
  add_library(targets STATIC ${targets}/tree_targets.c ${targets}/libfuzzer.c ${targets}/mutate.c
    ${targets}/target.c ${targets}/fail.c ${targets}/record.c)
  target_compile_options(targets PRIVATE ${san_outside})
  # The codec is what this one fuzzes, so it gets the coverage.
  file(GLOB prog_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/fuzz/prog/*.c")
  add_executable(codec_fuzzer ${targets}/codec_fuzzer.c ${targets}/fail.c
    ${targets}/record.c ${prog_sources})
  target_compile_options(codec_fuzzer PRIVATE ${san_outside} ${san_fuzz})
  target_link_libraries(codec_fuzzer PRIVATE base)
  swaprace_fuzzing_engine(codec_fuzzer)
endif()

# ---- the command ----
# A library of its own, because each kernel tree's executable is linked with it too
# (scripts/tree.py).
swaprace_module(tools fuzz/tools outside kernel)
if(TARGET tools)
  target_compile_definitions(tools PRIVATE SWAPRACE_VERSION="${PROJECT_VERSION}")
endif()
if(TARGET tools AND TARGET check AND TARGET mm AND TARGET exec)
  set_source_files_properties(fuzz/tools/world.c PROPERTIES
    COMPILE_DEFINITIONS "SWAPRACE_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
  add_executable(swaprace $<TARGET_OBJECTS:tools>)
  target_link_libraries(swaprace PRIVATE -Wl,--start-group kernel exec oracle sched prog world check mm swap page
    kapi engine lockdep base -Wl,--end-group ${CMAKE_DL_LIBS} m)
  set_target_properties(swaprace PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endif()
