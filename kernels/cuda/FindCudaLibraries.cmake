# cuDNN and cuBLASLt: their headers, and the files that a program opens at run time.
#   CUDNN_INCLUDE_DIRECTORY, CUDNN_LIBRARY, CUDNN_VERSION
#   CUBLASLT_INCLUDE_DIRECTORY, CUBLASLT_LIBRARY
# Searched for in SLEIGHT_CUDNN_ROOT (a CMake or environment variable; CUDNN_ROOT too), beside the CUDA toolkit, where the
# system keeps libraries, and in Python's packages: site-packages/nvidia/cudnn, and nvidia/cu13 or nvidia/cublas. Those
# have no libcudnn.so, only libcudnn.so.9; they also are what SLEIGHT_CUDNN_ROOT may name.
set(SLEIGHT_CUDNN_ROOT "" CACHE PATH "Where to look for cuDNN first: a folder with include/ and lib/")

find_program(SLEIGHT_PYTHON NAMES python3 python)
mark_as_advanced(SLEIGHT_PYTHON)
set(python_packages "")
if(SLEIGHT_PYTHON)
  execute_process(
    COMMAND ${SLEIGHT_PYTHON} -c "import importlib.util as u; s = u.find_spec('nvidia'); print(';'.join(s.submodule_search_locations) if s else '', end='')"
    OUTPUT_VARIABLE python_packages ERROR_QUIET)
endif()

set(cudnn_places ${SLEIGHT_CUDNN_ROOT} $ENV{SLEIGHT_CUDNN_ROOT} $ENV{CUDNN_ROOT} ${CUDAToolkit_INCLUDE_DIRS}/..
  ${CUDAToolkit_LIBRARY_ROOT} /usr/local/cuda)
set(cublas_places ${CUDAToolkit_INCLUDE_DIRS}/.. ${CUDAToolkit_LIBRARY_ROOT} /usr/local/cuda)
foreach(folder ${python_packages})
  list(APPEND cudnn_places ${folder}/cudnn)
  list(APPEND cublas_places ${folder}/cu${CUDAToolkit_VERSION_MAJOR} ${folder}/cublas)
endforeach()
set(library_folders lib64 lib targets/x86_64-linux/lib targets/sbsa-linux/lib lib/x86_64-linux-gnu)

find_path(CUDNN_INCLUDE_DIRECTORY cudnn_graph.h HINTS ${cudnn_places} PATH_SUFFIXES include)
set(CUDNN_VERSION "")
set(cudnn_major 9)
if(CUDNN_INCLUDE_DIRECTORY)
  file(STRINGS ${CUDNN_INCLUDE_DIRECTORY}/cudnn_version.h version_lines REGEX "#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" version_numbers "${version_lines}")
  list(JOIN version_numbers "." CUDNN_VERSION)
  list(GET version_numbers 0 cudnn_major)
endif()
find_file(CUDNN_LIBRARY NAMES libcudnn.so.${cudnn_major} libcudnn.so
  HINTS ${cudnn_places} PATHS /usr/lib /usr/local/lib PATH_SUFFIXES ${library_folders} x86_64-linux-gnu)

find_path(CUBLASLT_INCLUDE_DIRECTORY cublasLt.h HINTS ${cublas_places} PATH_SUFFIXES include)
find_file(CUBLASLT_LIBRARY NAMES libcublasLt.so.${CUDAToolkit_VERSION_MAJOR} libcublasLt.so
  HINTS ${cublas_places} PATHS /usr/lib /usr/local/lib PATH_SUFFIXES ${library_folders} x86_64-linux-gnu)

include(FindPackageHandleStandardArgs)
# cudnn_graph.h, and the text of the last error, exist since cuDNN 9.0.
find_package_handle_standard_args(CudaLibraries
  REQUIRED_VARS CUDNN_LIBRARY CUDNN_INCLUDE_DIRECTORY CUBLASLT_LIBRARY CUBLASLT_INCLUDE_DIRECTORY)
mark_as_advanced(CUDNN_LIBRARY CUDNN_INCLUDE_DIRECTORY CUBLASLT_LIBRARY CUBLASLT_INCLUDE_DIRECTORY)
