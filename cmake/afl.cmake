# SPDX-License-Identifier: GPL-2.0-or-later
# AFL++, where it is installed (Debian: afl++): `cmake --build build/release --target afl`
# puts <name>_fuzzer and <name>_mutator.so into afl/ of the build folder. Only AFL++'s driver
# and runtime are linked, which are plain objects; the coverage is clang's own. So the compiler
# that AFL++ was built for does not matter. AFL_PATH: where they lie, if it is elsewhere.
set(afl_folders "$ENV{AFL_PATH}" /usr/local/lib/afl /usr/lib/afl)
find_program(SWAPRACE_AFL_FUZZ afl-fuzz)
find_file(SWAPRACE_AFL_DRIVER libAFLDriver.a PATHS ${afl_folders} NO_DEFAULT_PATH)
find_file(SWAPRACE_AFL_RUNTIME afl-compiler-rt.o PATHS ${afl_folders} NO_DEFAULT_PATH)

# The model's libraries once more, with the coverage that AFL's runtime takes.
function(swaprace_afl_model)
  foreach(module mm swap page kapi)
    get_target_property(sources ${module} SOURCES)
    add_library(${module}_afl STATIC EXCLUDE_FROM_ALL ${sources})
    target_compile_options(${module}_afl PRIVATE -fsanitize-coverage=trace-pc-guard)
  endforeach()
endfunction()

function(swaprace_afl_target name)
  add_executable(${name}_fuzzer_afl EXCLUDE_FROM_ALL ${targets}/${name}_fuzzer.c $<TARGET_OBJECTS:targets_afl>)
  set(libs "")
  foreach(module exec oracle sched prog world check engine lockdep base mm_afl swap_afl page_afl kapi_afl)
    list(APPEND libs $<TARGET_FILE:${module}>)
    add_dependencies(${name}_fuzzer_afl ${module})
  endforeach()
  target_link_libraries(${name}_fuzzer_afl PRIVATE "${SWAPRACE_AFL_DRIVER}" "${SWAPRACE_AFL_RUNTIME}"
    -Wl,--start-group ${libs} -Wl,--end-group urcu Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(${name}_fuzzer_afl PROPERTIES OUTPUT_NAME ${name}_fuzzer
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/afl")
  add_library(${name}_mutator MODULE EXCLUDE_FROM_ALL ${targets}/${name}_fuzzer.c
    $<TARGET_OBJECTS:mutator_afl>)
  set_target_properties(${name}_mutator PROPERTIES PREFIX "" LINK_OPTIONS -Wl,--no-undefined
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/afl")
  add_dependencies(afl ${name}_fuzzer_afl ${name}_mutator)
endfunction()

if(TARGET mm_fuzzer AND SWAPRACE_SANITIZER STREQUAL "none" AND SWAPRACE_AFL_FUZZ
    AND SWAPRACE_AFL_DRIVER AND SWAPRACE_AFL_RUNTIME)
  add_custom_target(afl)
  swaprace_afl_model()
  add_library(targets_afl OBJECT EXCLUDE_FROM_ALL ${targets}/afl.c ${targets}/target.c
    ${targets}/fail.c ${targets}/record.c)
  file(GLOB mutator_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/fuzz/prog/*.c"
    "${CMAKE_SOURCE_DIR}/core/base/*.c")
  add_library(mutator_afl OBJECT EXCLUDE_FROM_ALL ${targets}/afl_mutator.c ${targets}/mutate.c
    ${mutator_sources})
  set_target_properties(mutator_afl PROPERTIES POSITION_INDEPENDENT_CODE ON)
  foreach(name mm swap swapoff ksm hibernate reclaim)
    swaprace_afl_target(${name})
  endforeach()
endif()
