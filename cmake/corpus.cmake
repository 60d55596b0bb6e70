# SPDX-License-Identifier: GPL-2.0-or-later
# Seeds: corpus/<target>/*.prog as the bytes that the target takes, in
# corpus/<target>/ of the build folder, and <target>_fuzzer_seed_corpus.zip,
# .options and .dict beside the targets. codec_fuzzer takes the texts as well.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(corpus_targets mm swap swapoff ksm hibernate reclaim codec)
set(corpus_outputs "")
if(TARGET swaprace)
  foreach(name ${corpus_targets})
    set(folder "${CMAKE_BINARY_DIR}/corpus/${name}")
    set(seeds "")
    file(MAKE_DIRECTORY "${folder}")
    file(GLOB programs CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/corpus/${name}/*.prog")
    foreach(program ${programs})
      get_filename_component(seed "${program}" NAME_WE)
      add_custom_command(OUTPUT "${folder}/${seed}.bin"
        COMMAND swaprace encode "${program}" -o "${folder}/${seed}.bin"
        DEPENDS "${program}" swaprace VERBATIM)
      list(APPEND seeds "${folder}/${seed}.bin")
      if(name STREQUAL "codec")
        add_custom_command(OUTPUT "${folder}/${seed}.prog"
          COMMAND "${CMAKE_COMMAND}" -E copy "${program}" "${folder}/${seed}.prog"
          DEPENDS "${program}" VERBATIM)
        list(APPEND seeds "${folder}/${seed}.prog")
      endif()
    endforeach()
    set(archive "${CMAKE_BINARY_DIR}/${name}_fuzzer_seed_corpus.zip")
    add_custom_command(OUTPUT "${archive}"
      COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/scripts/seed_corpus.py" ${name}_fuzzer
        "${CMAKE_BINARY_DIR}" ${seeds}
      DEPENDS ${seeds} "${CMAKE_SOURCE_DIR}/scripts/seed_corpus.py" VERBATIM)
    list(APPEND corpus_outputs "${archive}")
  endforeach()
  add_custom_target(corpus ALL DEPENDS ${corpus_outputs})
endif()

# All that a fuzzing service gets: the targets and what lies beside them, not the canary.
if(TARGET mm_fuzzer)
  add_custom_target(fuzz_targets DEPENDS ${corpus_outputs})
  foreach(name ${corpus_targets})
    add_dependencies(fuzz_targets ${name}_fuzzer)
  endforeach()
endif()
