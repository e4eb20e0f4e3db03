"""Solvers: linear programs (HiGHS) and quadratic programs (PIQP) behind two small interfaces."""

from metagnn.optimize.linear_program import LinearProgram as LinearProgram
from metagnn.optimize.linear_program import LinearSolution as LinearSolution
from metagnn.optimize.quadratic_program import QuadraticProgram as QuadraticProgram
from metagnn.optimize.quadratic_program import QuadraticSolution as QuadraticSolution
