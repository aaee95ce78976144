# cmake --build --preset release --target mutants: which small changes of the library no test sees (an hour and more).
set(WICK_MUTANTS 60 CACHE STRING "How many changes the target mutants tries")
set(WICK_MUTANTS_SEED 1 CACHE STRING "Another number chooses other changes")
find_program(WICK_PYTHON python3 DOC "The Python of the tools")
if(WICK_PYTHON)
  add_custom_target(mutants
    COMMAND ${WICK_PYTHON} tools/mutants.py --count ${WICK_MUTANTS} --seed ${WICK_MUTANTS_SEED}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} USES_TERMINAL VERBATIM)
endif()
