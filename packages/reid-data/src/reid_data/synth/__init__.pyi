from .cameras import Camera as Camera
from .cameras import sample_cameras as sample_cameras
from .crops import Crop as Crop
from .crops import render as render
from .crops import render_crop as render_crop
from .people import Person as Person
from .people import sample_person as sample_person
from .writing import synthesize as synthesize
