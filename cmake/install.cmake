# SPDX-License-Identifier: GPL-2.0-or-later
# cmake --install: the command, its manual pages and its completions (all made by the
# command itself), the programs of repro/, the documentation. The fuzz targets stay in
# the build folder: scripts/fuzz.sh, which drives them, builds them from the checkout.
if(NOT TARGET swaprace OR NOT SWAPRACE_SANITIZER STREQUAL "none" OR SWAPRACE_FINE)
  return()
endif()
include(GNUInstallDirs)

set(made "${CMAKE_BINARY_DIR}/share")
add_custom_command(OUTPUT "${made}/swaprace.bash" "${made}/man1/swaprace.1"
  COMMAND ${CMAKE_COMMAND} -E rm -rf "${made}"
  COMMAND ${CMAKE_COMMAND} -E make_directory "${made}"
  COMMAND swaprace help --man=${made}/man1
  COMMAND swaprace help --completion=bash > "${made}/swaprace.bash"
  COMMAND swaprace help --completion=zsh > "${made}/_swaprace"
  COMMAND swaprace help --completion=fish > "${made}/swaprace.fish"
  DEPENDS swaprace VERBATIM COMMENT "Writing the manual pages")
add_custom_target(manual ALL DEPENDS "${made}/swaprace.bash")

install(TARGETS swaprace RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(DIRECTORY "${made}/man1" DESTINATION "${CMAKE_INSTALL_MANDIR}")
install(FILES "${made}/swaprace.bash" RENAME swaprace
  DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
install(FILES "${made}/_swaprace" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions")
install(FILES "${made}/swaprace.fish"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d")
install(DIRECTORY repro DESTINATION "${CMAKE_INSTALL_DATADIR}/swaprace")
install(FILES README.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
foreach(folder core core/tree fuzz fuzz/kernel)
  install(FILES ${folder}/README.md DESTINATION "${CMAKE_INSTALL_DOCDIR}/${folder}")
endforeach()

regress_test(tools/install regress 300
  Python3::Interpreter "${in_tests}/test_install.py" "${CMAKE_COMMAND}" "${CMAKE_BINARY_DIR}"
  "${CMAKE_SOURCE_DIR}")
