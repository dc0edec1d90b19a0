# What `cmake --install` puts where, and the Debian package of it.

set(CMAKE_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(DOC_DIR share/doc/trapheus)

install(TARGETS trapheus DESTINATION bin)

# Where Debian's lua5.4 and zsh look differs below /usr and below /usr/local; only at installation
# is it known which of them it is.
install(CODE "
  set(LUA_LIBRARY_DIR lib/lua/5.4)
  set(ZSH_DIR share/zsh/site-functions)
  if(CMAKE_INSTALL_PREFIX STREQUAL /usr)
    set(LUA_LIBRARY_DIR lib/${CMAKE_LIBRARY_ARCHITECTURE}/lua/5.4)
    set(ZSH_DIR share/zsh/vendor-completions)
  endif()")

# the module for a stock lua5.4
install(TARGETS module DESTINATION "\${LUA_LIBRARY_DIR}/trapheus")
install(DIRECTORY lua/trapheus DESTINATION share/lua/5.4
  FILES_MATCHING PATTERN *.lua PATTERN *.json PATTERN *.tsv PATTERN *.yaml)

# for the Lua language server: the C part, described; the rest is annotated where it is
install(DIRECTORY lua/meta DESTINATION share/trapheus)

install(FILES README.md LICENSE DESTINATION ${DOC_DIR})
install(FILES cmake/copyright DESTINATION ${DOC_DIR})
install(FILES lua/trapheus/aws/models/LICENSE lua/trapheus/aws/models/NOTICE DESTINATION ${DOC_DIR}/models)
install(DIRECTORY scripts examples DESTINATION ${DOC_DIR})
install(FILES ${TEXTS}/trapheus.1.gz DESTINATION share/man/man1)
install(FILES ${TEXTS}/trapheus.bash DESTINATION share/bash-completion/completions RENAME trapheus)
install(FILES ${TEXTS}/_trapheus DESTINATION "\${ZSH_DIR}")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME trapheus)
set(CPACK_PACKAGE_CONTACT "trapheus authors <trapheus@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "restore Amazon RDS databases in place")
set(CPACK_PACKAGE_DESCRIPTION "The original is renamed, a replacement is restored from a snapshot under
its name, configured and compared with it, and only then is the original
deleted. Until then every step can be taken back. The steps are Lua, to be
overridden and extended; the same modules serve a stock lua5.4.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "lua-cjson, lua-argparse") # of the module; the program has them inside
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "lua5.4")
include(CPack)
