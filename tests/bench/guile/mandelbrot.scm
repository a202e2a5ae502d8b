;; How many steps the points of an n by n grid stay near 0, in fixed point; see mandelbrot.sire.
(use-modules (bench))

(define one 8192)
(define bias (* 8 one))
(define product (+ (* bias bias) (* 64 one one)))
(define limit (* 132 one))
(define twice (* 128 one))

(define (times a b) (ash (- (+ (* a b) product) (* bias (+ a b))) -13))

(define (steps n x y cx cy)
  (if (= n 50)
      n
      (let ((xx (times x x)) (yy (times y y)))
        (if (> (+ xx yy) limit)
            n
            (let ((xy (times x y)))
              (steps (+ n 1) (- (+ xx cx) yy) (- (+ (* 2 xy) cy) twice) cx cy))))))

(bench
 (lambda (n)
   (let points ((i 0) (sum 0))
     (if (= i (* n n))
         sum
         (let ((cx (+ (* 6 one) (quotient (* 3 one (modulo i n)) n)))
               (cy (+ (quotient (* 13 one) 2) (quotient (* 3 one (quotient i n)) n))))
           (points (+ i 1) (+ sum (steps 0 bias bias cx cy))))))))
