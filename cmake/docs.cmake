# cmake --build build/release --target docs: the pictures in docs/, made from real runs of the program.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_Interpreter_FOUND AND TARGET wick_program)
  add_custom_target(docs
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/terminal_svg.py ${PROJECT_SOURCE_DIR}/docs/train.svg
      --until "epoch 3/3 .* [3-5][0-9] %" -- $<TARGET_FILE:wick_program> train --save lenet.safetensors
    COMMENT "docs/train.svg: training on a terminal"
    DEPENDS wick_program tools/terminal_svg.py
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    VERBATIM)
endif()
